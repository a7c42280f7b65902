"""Greets callers, and rings the reception for key 1."""

from cordboard import number, record, script, text
from cordboard.audio import gather, play
from cordboard.dialling import dial, line
from cordboard.explain import explain
from cordboard.legs import answer, hang_up, reject

SETTINGS = record(
    greeting=text(kind="announcement", default="welcome", help="Tells the keys."),
    reception=text(kind="line", default="201", help="Who is rung for key 1."),
    attempts=number(min=1, max=10, default=3, help="How often the greeting plays."),
)


@script(name="reception", version="0.1.0", summary="Greets callers, and rings the reception for key 1.", settings=SETTINGS)
def reception(call, settings):
    yield answer()
    for _ in range(settings.attempts):
        pressed = yield gather(settings.greeting, within=5)
        if pressed.keys == "1":
            explain("reception", "key 1 rings the reception")
            failed = yield dial(line(settings.reception), seconds=25)
            return None if failed is None else reject(failed)
    explain("attempts", "nobody pressed 1")
    yield play("goodbye")
    return hang_up()
