"""Names, spelt on a telephone's keys (ITU-T E.161)."""

_LETTERS = {
    "2": "abcàáâãäåąæçć",
    "3": "defèéêëę",
    "4": "ghiìíîï",
    "5": "jklł",
    "6": "mnoñńòóôõöøœ",
    "7": "pqrsśß",
    "8": "tuvùúûü",
    "9": "wxyzýÿźż",
    " ": " -",
}

_KEY_OF = {letter: key for key, letters in _LETTERS.items() for letter in letters}


def keys_of(name):
    """The keys that spell a name; a space between words."""
    return "".join(letter if letter in "0123456789" else _KEY_OF.get(letter, "") for letter in name.lower())


def fits(name, pressed):
    """Whether the keys are the beginning of one of the name's words, or of the name from there on."""
    words = keys_of(name).split(" ")
    return any("".join(words[start:]).startswith(pressed) for start in range(len(words)))
