"""What is the matter with a database, where its own words are not enough for who has to mend it."""

import os

CANNOT_OPEN = "unable to open database file"  # all that SQLite says, whatever is in the way


def first_error(error: BaseException) -> BaseException:
    """What went wrong at first, where undoing it went wrong, too."""
    before = error.__context__
    return error if before is None else first_error(before)


def obstacle(path: str) -> str:
    """Why a SQLite file cannot be opened, which SQLite does not say."""
    folder = os.path.dirname(path) or "."
    may_write = os.access(folder, os.W_OK)
    try:
        os.stat(path)
    except FileNotFoundError:
        if not os.path.isdir(folder):
            return f"there is no folder {folder}"
        return f"there is no file {path}" + ("" if may_write else ", nor may this account make one")
    except OSError as error:
        return f"{path} cannot be looked at: {error.strerror}"
    if os.path.isdir(path):
        return f"{path} is a folder"
    if not os.access(path, os.R_OK):
        return f"this account may not read {path}"
    return f"{path} cannot be opened" if may_write else f"this account may not write to {folder}, as SQLite has to"
