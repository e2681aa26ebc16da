"""How long a test waits for what must happen: against hanging for ever, on a machine that may be slow or stand still.

No measure of speed. Each single wait ends before the test's own limit, so that what is told is what was waited for."""

PATIENCE_S = 100
PATIENT_HTTP = {"connect_timeout": PATIENCE_S, "request_timeout": PATIENCE_S}  # of a Tornado request
TEST_S = 400  # a whole test on a loop; pytest-timeout ends any other a little later (pyproject.toml)
