"""Which of the test files `make test` leaves to `make test-long`, by name without `test_`."""

# Two thirds of the time that all tests take: `make test` leaves them to `make test-long`.
LONG = {
    *("audit_browser", "audit_commands", "clients", "commands", "commands_clients", "demo_run", "docs_browser"),
    *("access_ends", "faults_disk", "faults_nodes", "faults_postgresql", "faults_sigterm", "faults_sqlite"),
    *("hostile_text_api", "hostile_text_pages", "hostile_text_settings", "limits_sign_in", "limits_sockets", "plans"),
    *("record_batches", "schemathesis", "secrets", "secrets_logged", "secrets_shown", "sessions", "settings_browser"),
    *("alert_deliveries", "aliases_api", "bench", "commands_source", "example_producer", "example_producer_refused"),
    *("exports_api", "history_page", "limits_rest", "measures_api", "newcomer", "redaction_browser", "redaction_calls"),
    *("access_table", "account_page", "alerts_page", "captions_page", "examples", "openapi_answers", "source_kinds"),
    *("nodes_start", "strangers_logged", "logs", "proxies", "settings_pages", "systemd_restart", "under_fire_answers"),
    *("audit_changes", "first_run", "pages", "provider_calls", "search", "sources_page", "wall_beside", "wall_page"),
    *("aliases_nodes", "redaction_page", "search_index", "settings_alerts", "source_kinds_browser", "two_sources"),
    *("settings_users", "tls", "under_fire_feeds", "under_fire_hub", "under_fire_memory", "under_fire_places"),
    *("journey_keyboard", "journey_rights", "journey_states", "journey_without_scripts", "long_call_page", "relay"),
    *("backup", "call_page", "data_doc", "erase", "notes_page", "retention", "schema_upgrades", "sign_in_again"),
    *("aliases_orders", "command_line_doc", "interrupted", "soak", "timeline_page", "two_nodes", "viewer_machine"),
    *("nodes_chaos", "nodes_death", "nodes_follow", "nodes_network", "nodes_places", "nodes_postgres", "nodes_redis"),
    *("bench_nodes", "nodes_browsers", "wrong_paths"),
}
# Of the long ones those that go further where others, too, go: `make test-long CASES=core` leaves them out, so that CI
# has its answer in time. About two thirds.
THOROUGH = {
    *("access_ends", "account_page", "alerts_page", "aliases_api", "aliases_orders", "audit_browser"),
    *("audit_changes", "audit_commands", "backup", "captions_page", "clients", "command_line_doc", "commands"),
    *("commands_clients", "docs_browser", "exports_api", "history_page", "hostile_text_pages"),
    *("hostile_text_settings", "interrupted", "journey_states", "limits_sign_in", "nodes_chaos", "nodes_death"),
    *("nodes_network", "nodes_postgres", "notes_page", "redaction_browser", "redaction_page", "schemathesis"),
    *("sessions", "settings_alerts", "settings_browser", "settings_pages", "settings_users", "sign_in_again"),
    *("bench_nodes", "soak", "source_kinds", "source_kinds_browser", "sources_page", "timeline_page", "wall_beside"),
    *("wrong_paths",),
}
