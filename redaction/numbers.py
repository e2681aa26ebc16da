"""What a run of digits is: a card number, a national id, a phone number; or only too long to be shown. Pure."""

from bisect import bisect_left

from redaction.cards import LONGEST_PHONE, cards
from redaction.digits import Run, Span, has_plus
from redaction.national_ids import is_national_id

LONGEST_SHOWN = 6  # digits
LONGEST_AT_AN_END = 3
LONGEST_APART = 8  # where a sign stands between that no number is written with: `9:30 – 10:45` may be read
LONGEST_APART_AT_AN_END = 4  # `10:30`
MOST_GROUPS = 12  # in which an id or a phone number is looked for; none is written with that many

Label = tuple[int, int, str]  # from, to, which


def labelled(run: Run, kinds: frozenset[str]) -> list[Label]:
    """The digits of a card number, an id or a phone number, and as NUMBER what is left of a run that has one."""
    if found := cards(run):
        return _with_the_rest(0, len(run), [(*span, "CARD") for span in found])
    labels: list[Label] = []
    for part in run.parts:
        if part[1] - part[0] > LONGEST_SHOWN:
            named = [label for piece in _pieces(run, part) if (label := _named(run, piece, kinds))]
            labels += _with_the_rest(*part, named) if named else []
    return labels


def hidden(run: Run, first_word: int, last_word: int) -> list[Span]:
    """The digits that nobody may see, whatever they are.

    What three texts show of one number is the end of the first, all of the second and the beginning of the third:
    3 × 4 digits at most, and a card number has 13."""
    is_first, is_last = run.at[0] == first_word, run.at[-1] == last_word
    if len(run) > (LONGEST_APART_AT_AN_END if is_first or is_last else LONGEST_APART):
        return [(0, len(run))]
    spans = []
    for first, end in run.parts:
        is_at_an_end = (is_first and first == 0) or (is_last and end == len(run))
        if end - first > (LONGEST_AT_AN_END if is_at_an_end else LONGEST_SHOWN):
            spans.append((first, end))
    return spans


def _pieces(run: Run, part: Span) -> list[list[Span]]:
    """The groups of a part, cut at its commas: neither an id nor a phone number has one."""
    pieces: list[list[Span]] = [[]]
    for group in run.groups[bisect_left(run.groups, (part[0], 0)) : bisect_left(run.groups, (part[1], 0))]:
        if pieces[-1] and "," in run.text[run.at[group[0] - 1] : run.at[group[0]]]:
            pieces.append([])
        pieces[-1].append(group)
    return pieces


def _named(run: Run, groups: list[Span], kinds: frozenset[str]) -> Label | None:
    """The longest that is an id or a phone number, the leftmost of these."""
    if len(groups) > MOST_GROUPS:
        return None
    for length in range(len(groups), 0, -1):
        for at in range(len(groups) - length + 1):
            chosen = groups[at : at + length]
            first, end = chosen[0][0], chosen[-1][1]
            if not LONGEST_SHOWN < end - first <= LONGEST_PHONE:
                continue
            sizes = tuple(b - a for a, b in chosen)
            if "id" in kinds and is_national_id(run.values[first:end], sizes):
                return first, end, "ID"
            if "phone" in kinds and _is_phone_number(run, first, end, sizes):
                return first, end, "PHONE"
    return None


def _is_phone_number(run: Run, first: int, end: int, sizes: tuple[int, ...]) -> bool:
    if has_plus(run.text, run.at[first]):
        return True
    if len(sizes) < 2:
        return False
    if run.values[first] == 0:
        return end - first >= 9 and any(run.values[first : first + 3])  # a trunk prefix, or the 00 of a country code
    if sizes == (3, 4):
        return run.text[run.at[first + 2] + 1] in "-.‐‑"
    return sizes in {(3, 3, 4), (3, 3, 3), (2, 4, 4)} or (sizes == (1, 3, 3, 4) and run.values[first] == 1)


def _with_the_rest(first: int, end: int, labels: list[Label]) -> list[Label]:
    filled = []
    for label in labels:
        if first < label[0]:
            filled.append((first, label[0], "NUMBER"))
        filled.append(label)
        first = label[1]
    return [*filled, (first, end, "NUMBER")] if first < end else filled
