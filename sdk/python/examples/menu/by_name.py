"""Dialling by name: the caller spells, and chooses where several people fit."""

from cordboard.audio import Tone, digits, gather, play, tone
from cordboard.explain import explain

from keypad import fits
from ways import give_up, lead

# As many letters as anybody spells, and as many people as there are keys to choose with.
LETTERS, CHOICES = 16, 9


def by_name(settings):
    names = settings.by_name
    for _ in range(settings.attempts):
        how, pressed = yield gather(names.prompt, digits=LETTERS, until="#", within=settings.wait)
        # Who stops spelling has spelt enough.
        if how not in ("digits", "timeout"):
            break
        found = [person for person in names.people if len(pressed) > 1 and fits(person.name, pressed)]
        if not found:
            explain("by-name", f"nobody's name begins with {pressed}")
            yield play(names.unknown)
            continue
        person = found[0] if len(found) == 1 else (yield from _choose(settings, found[:CHOICES]))
        if person is not None:
            return (yield from lead(settings, f"the name {person.name}", person.number))
    return (yield from give_up(settings))


def _choose(settings, people):
    """Says a key before each name."""
    prompt = [tone(Tone.BEEP)]
    for key, person in enumerate(people, 1):
        number = "".join(digit for digit in person.number if digit in "0123456789")
        prompt += [digits(str(key)), person.spoken or digits(number[:32])]
    explain("by-name", "several names fit: the caller chooses")
    how, key = yield gather(prompt, within=settings.wait)
    chosen = int(key) if how == "digits" and key.isdigit() else 0
    return people[chosen - 1] if 1 <= chosen <= len(people) else None
