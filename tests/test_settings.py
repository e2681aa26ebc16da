"""Settings: where they come from, what they may be, and that each is documented."""

import argparse
import re
from pathlib import Path

import pytest

from commands.strays import strays
from settings import FIELDS, PREFIX, SettingError, Settings, add_flags, read_settings

HOME = Path(__file__).parent.parent
TEXTS = {".py", ".md", ".mjs", ".sh", ".env", ".service", ".html"}


def read(*flags, **environment):
    parser = argparse.ArgumentParser()
    add_flags(parser)
    return read_settings(parser.parse_args(flags), environment)


def test_a_flag_goes_before_the_environment_and_that_before_the_default():
    assert read().port == 8000
    assert read(CALLBOARD_PORT="1").port == 1
    assert read("--port", "2", CALLBOARD_PORT="1").port == 2
    assert read("--port", "2", CALLBOARD_PORT="wrong").port == 2


def test_a_command_without_a_flag_still_hears_the_environment():
    assert read_settings(argparse.Namespace(), {"CALLBOARD_PORT": "1"}).port == 1


def test_fields_and_settings_are_the_same_in_the_same_order():
    assert tuple(field.name for field in FIELDS) == Settings._fields


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_setting_is_documented(field):
    parser = argparse.ArgumentParser()
    add_flags(parser)
    assert field.help and field.variable in parser.format_help()
    assert f"`{field.flag}`" in (HOME / "docs" / "command-line.md").read_text()
    assert field.variable in (HOME / "README.md").read_text()


def test_only_the_flags_that_are_named_are_added():
    parser = argparse.ArgumentParser()
    add_flags(parser, "database_url")
    assert "--database-url" in parser.format_help() and "--port" not in parser.format_help()


@pytest.mark.parametrize(
    "name, text",
    [
        *(("port", text) for text in ("", "-1", "65536", "80.0", "http", "8_0")),
        *(("database_url", text) for text in ("", "sqlite://", "sqlite:///", "sqlite:///:memory:", "board.db")),
        *(
            ("database_url", text)
            for text in ("sqlite:///a?x=1", "sqlite://host/a", "postgresql://host", "mysql://h/a")
        ),
        *(("database_url", text) for text in ("postgresql://h:port/a", "postgresql://[::1/a")),
        *(("public_url", text) for text in ("host", "ftp://host", "https://", "https://h?x", "https://h#x")),
        *(("public_url", text) for text in ("https://h:0", "https://h:99999", "https://[::1")),
        *((name, "0") for name in ("viewers_per_call", "messages_per_second", "quiet_timeout")),
        *((name, "0") for name in ("attempts_per_address", "failures_per_address", "passwords_per_account")),
        *(("requests_per_key", text) for text in ("0", "1000001", "1.5", "")),
        *(("trusted_proxies", text) for text in ("10.0.0.1/8", "localhost", "10.0.0.0/33", "10.0.0.1;10.0.0.2", "*")),
        ("shutdown_grace", "soon"),
        ("log_level", "loud"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_where_it_came_from(name, text):
    field = next(field for field in FIELDS if field.name == name)
    for given in ({"flags": (field.flag, text)}, {"environment": {field.variable: text}}):
        with pytest.raises(SettingError) as refused:
            read(*given.get("flags", ()), **given.get("environment", {}))
        assert str(refused.value).startswith(field.flag if "flags" in given else field.variable)
        assert str(refused.value).isprintable()


def test_a_wrong_url_is_not_repeated_with_its_password():
    with pytest.raises(SettingError) as refused:
        read(CALLBOARD_DATABASE_URL="mysql://ann:secret@host/board")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "given, taken",
    [
        ("sqlite:///board.db", "sqlite:///board.db"),
        ("sqlite:////var/board.db", "sqlite:////var/board.db"),
        ("postgres://ann@host/board", "postgresql://ann@host/board"),
        ("postgresql://ann:pw@host:5432/board", "postgresql://ann:pw@host:5432/board"),
    ],
)
def test_a_database_is_an_sqlite_file_or_on_a_postgresql_server(given, taken):
    assert read(CALLBOARD_DATABASE_URL=given).database_url == taken


def test_the_public_url_is_this_machine_unless_it_is_given():
    assert read("--port", "81").public_url == "http://localhost:81"
    assert read("--port", "81", CALLBOARD_PUBLIC_URL="").public_url == "http://localhost:81"
    assert read(CALLBOARD_PUBLIC_URL="https://calls.example/board/").public_url == "https://calls.example/board"


@pytest.mark.parametrize(
    "given, taken",
    [
        ("", []),
        ("10.0.0.1", ["10.0.0.1/32"]),
        (" 10.0.0.0/8 ,2001:db8::/32, ", ["10.0.0.0/8", "2001:db8::/32"]),
        ("::ffff:10.0.0.1, ::ffff:10.0.0.0/104", ["10.0.0.1/32", "10.0.0.0/8"]),
        ("::/0", ["::/0"]),
    ],
)
def test_trusted_proxies_are_addresses_and_networks(given, taken):
    assert [str(network) for network in read(CALLBOARD_TRUSTED_PROXIES=given).trusted_proxies] == taken


TLS = ("--tls-certificate", "c.pem", "--tls-key", "k.pem")


def test_with_a_certificate_the_public_url_is_https():
    assert read("--port", "81", *TLS).public_url == "https://localhost:81"
    assert read(*TLS, CALLBOARD_PUBLIC_URL="https://calls.example").public_url == "https://calls.example"
    with pytest.raises(SettingError, match="must be https"):
        read(*TLS, CALLBOARD_PUBLIC_URL="http://calls.example")


@pytest.mark.parametrize("flags", [TLS[:2], TLS[2:]])
def test_a_certificate_without_its_key_is_refused(flags):
    with pytest.raises(SettingError, match="both or neither"):
        read(*flags)


def kept(tmp_path, content: str | bytes) -> str:
    path = tmp_path / "secret"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_value_may_be_in_a_file(tmp_path, end):
    url = "postgresql://ann:pw@host/board"
    assert read(CALLBOARD_DATABASE_URL_FILE=kept(tmp_path, url + end)).database_url == url
    assert read("--port", "2", CALLBOARD_PORT_FILE=kept(tmp_path, "1" + end)).port == 2, "a flag goes before it"


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_setting_may_but_those_that_name_files(tmp_path, field):
    given = {field.variable + "_FILE": kept(tmp_path, field.default)}
    if field.name in ("tls_certificate", "tls_key"):
        with pytest.raises(SettingError, match="which names a file already"):
            read(**given)
    else:
        assert read(**given) == read()


def test_a_variable_and_its_file_are_one_too_many(tmp_path):
    with pytest.raises(SettingError, match="CALLBOARD_PORT and CALLBOARD_PORT_FILE: give one of them"):
        read(CALLBOARD_PORT="1", CALLBOARD_PORT_FILE=kept(tmp_path, "1"))


@pytest.mark.parametrize("content", ["hunter2hunter2", "mysql://ann:hunter2@host/b", "hunter2\n\n", b"hunter2\xff", ""])
def test_what_is_wrong_with_a_file_is_one_line_that_tells_nothing_of_its_content(tmp_path, content):
    with pytest.raises(SettingError) as refused:
        read(CALLBOARD_DATABASE_URL_FILE=kept(tmp_path, content))
    told = str(refused.value)
    assert told.startswith("CALLBOARD_DATABASE_URL_FILE: ") and told.isprintable() and "hunter2" not in told


@pytest.mark.parametrize("path", ["nowhere/secret", "", "."])
def test_a_file_that_cannot_be_read_is_named_by_its_variable(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingError, match=r"\ACALLBOARD_DATABASE_URL_FILE: cannot be read: [A-Z][a-z ]+\Z"):
        read(CALLBOARD_DATABASE_URL_FILE=path)


@pytest.mark.parametrize(
    "name, meant",
    [("POTR", "PORT"), ("LOGLEVEL", "LOG_LEVEL"), ("port", "PORT"), ("DATABSE_URL_FILE", "DATABASE_URL_FILE")],
)
def test_a_misspelt_variable_is_named_with_the_setting_that_was_meant_and_its_value_is_not(name, meant):
    [line] = strays({f"{PREFIX}{name}": "hunter2", "PORTS": "1"})
    assert line == f"{PREFIX}{name} is no setting and is ignored; did you mean {PREFIX}{meant}?"


def test_a_variable_that_resembles_no_setting_is_named_alone():
    assert [*strays({PREFIX + "ZZZ": "1"})] == [f"{PREFIX}ZZZ is no setting and is ignored"]


def test_no_variable_that_the_project_reads_or_tells_of_is_a_stray():
    places = ("commands", "deploy", "docs", "examples", "templates", "tests")
    files = [path for place in places for path in (HOME / place).rglob("*.*") if path.suffix in TEXTS]
    mentioned = {name for path in files for name in re.findall(rf"\b{PREFIX}[A-Z][A-Z_]+\b", path.read_text())}
    assert len(mentioned) > 30 and not [*strays(dict.fromkeys(mentioned, "1"))]
