"""A hunt group (R29 to R40): one session a group, which holds all its calls. What guests/group has for call centres
besides (skills, weights, places, call backs, figures) is not here.

    greeting --played--> queued <--nobody answered-- ringing --answered--> talking
                           | ^------next round------^
                           +--expired, full, nobody--> leaving, forwarded
"""

from wit_world.exports import guest
from wit_world.imports import events

from cordboard import clock, keyed, tell
from cordboard.audio import Tone, play, tone
from cordboard.calendars import is_open
from cordboard.dialling import cancel_dial, dial, line
from cordboard.explain import explain
from cordboard.legs import Cause, hang_up, reject, ring
from cordboard.log import log
from cordboard.outside import NotAllowed, destination
from cordboard.timers import forget, wake_at

from members import Members
from settings import SETTINGS, check

# Between two times round: one ring. Members whose phones refuse at once are not rung without pause.
PAUSE = 5000

# The group's only timer.
WAKE = 0

# Why callers are sent away: the rule, in words, and what a behaviour in front is told.
AWAY = {
    "nobody": ("R38", "no member is registered, connected and present", Cause.UNREACHABLE),
    "full": ("R36 queue-length", "as many callers wait as may", Cause.BUSY),
    "expired": ("R36 max-wait", "the caller has waited for as long as callers may", Cause.NO_ANSWER),
    "closed": ("R40 calendar", "the group is closed now", Cause.UNREACHABLE),
}


def _is_queued(call):
    return call["phase"] == "queued"


@keyed(
    name="group",
    version="0.1.0",
    summary="Hunt group with four ways of distribution and a queue, in Python.",
    settings=SETTINGS,
    check=check,
    interests=guest.Interests.LINE_CHANGES,
    state=lambda: {"calls": [], "members": [], "last": None, "wake_at": None},
)
class Group:
    def before(self):
        self.now = clock.now()
        self.members = Members(self.state, self.settings.members, self.now)

    @property
    def calls(self):
        return self.state["calls"]

    # Events.

    def call_offered(self, offer):
        call = {
            "leg": offer.leg,
            "expires": self.now + self.settings.max_wait * 1000,
            "phase": "queued",
            "not_before": self.now,
            "tried": [],
            "hears": "nothing",
            "may_play": offer.sole_holder or offer.answered,
        }
        waiting = sum(map(_is_queued, self.calls))
        full = waiting >= self.settings.queue_length
        if self.settings.calendar is not None and not is_open(self.settings.calendar):
            self._send_away(call, "closed")
        elif not self.members.anybody_takes_part():
            self._send_away(call, "nobody")
        elif full and (waiting > 0 or not self.members.free(self.settings.mode)):
            self._send_away(call, "full")
        else:
            self._greet(call)
            self.calls.append(call)

    def outcome(self, outcome):
        call = next((call for call in self.calls if call["leg"] == outcome.tag), None)
        match outcome.kind if call else None:
            case events.OutcomeKind_Dialled(dialled):
                match dialled.result:
                    case events.DialResult_Answered(answer):
                        self._answered(call, answer)
                    case events.DialResult_Failed(cause):
                        self._unanswered(call, cause)
            case events.OutcomeKind_Failed(cause) if call["phase"] != "talking":
                self._unanswered(call, cause)
            case events.OutcomeKind_Played(events.PlayOutcome_Missing(name)):
                explain("announcement", f"there is no announcement {name}")
                self._missing(call)
            case events.OutcomeKind_Played(events.PlayOutcome_Stopped()):
                pass
            case events.OutcomeKind_Played(_):
                self._played(call)

    def leg_ended(self, ended):
        """A caller or a member hung up: that ends the call for both."""
        call = next((call for call in self.calls if ended.leg in (call["leg"], call.get("callee"))), None)
        if call is None:
            return
        self.calls.remove(call)
        if call["phase"] != "talking":
            return
        tell(call["callee"] if call["leg"] == ended.leg else call["leg"], hang_up())
        member = self.members.named(call["member"])
        if member is not None and self.settings.wrap_up > 0:
            member["resting_until"] = self.now + self.settings.wrap_up * 1000
            explain("R35 wrap-up", f"{call['member']} has a pause after the call")

    def line_changed(self, change):
        self.members.registered(change.line, change.registered)

    def message(self, message):
        if not self.members.hear(message.body.decode(errors="replace")):
            log("a message that says nothing about a member was dropped")

    def timer(self, _tag):
        self.state["wake_at"] = None

    def after(self):
        self._expire()
        self._distribute()
        self._set_timer()

    # Who gets whom.

    def _distribute(self):
        """R29: the first who waits gets the first who is free, and so on."""

        def is_due(call):
            return _is_queued(call) and call["not_before"] <= self.now

        free = self.members.free(self.settings.mode) if any(map(is_due, self.calls)) else []
        for call in self.calls:
            if is_due(call) and free:
                free = self._ring_for(call, free)
            if _is_queued(call):
                self._let_wait(call)

    def _ring_for(self, call, free):
        """Rings whoever is next for this call; returns those who are free still."""
        chosen = self.members.chosen(self.settings.mode, free, call["tried"])
        if not chosen:
            # All who are free were rung: another time round (R36).
            call.update(tried=[], not_before=self.now + PAUSE)
            return free
        names = [member["name"] for member in chosen]
        explain(f"R33 {self.settings.mode}", f"rings {', '.join(names)}")
        if not tell(call["leg"], dial([line(name) for name in names], seconds=self.settings.rings * 5, playing=True)):
            return free  # its end is on the way
        call.update(phase="ringing", rings=names, tried=call["tried"] + names)
        return [member for member in free if member not in chosen]

    def _answered(self, call, answer):
        # By its place in the dial: a line may go by several names.
        rung = call.get("rings", [])
        member = rung[answer.target] if answer.target < len(rung) else None
        if member is not None:
            self.state["last"] = member
            explain("R33", f"{member} answered")
        leg = call["leg"]
        call.clear()
        call.update(leg=leg, phase="talking", member=member, callee=answer.leg)

    def _unanswered(self, call, cause):
        if call["phase"] == "forwarded":
            self.calls.remove(call)
            tell(call["leg"], reject(cause))
        elif call["phase"] == "ringing" and call.get("expired"):
            self._send_away(call, "expired")
        elif call["phase"] == "ringing":
            explain("R33", f"{', '.join(call.pop('rings'))} did not take the call")
            call.update(phase="queued", not_before=self.now)

    # What callers hear.

    def _greet(self, call):
        """R26: an interruptive greeting plays while phones ring; any other comes to its end first."""
        if not (self.settings.greeting and call["may_play"]):
            return
        tell(call["leg"], play(self.settings.greeting))
        call["hears"] = "greeting"
        if not self.settings.greeting_interruptive:
            explain("R26 greeting", "the greeting plays to its end, then phones ring")
            call["phase"] = "greeting"

    def _let_wait(self, call):
        """R37: once a caller waits, the announcement plays until somebody answers."""
        if call["hears"] != "nothing":
            return
        call["hears"] = "waiting"
        if not call["may_play"]:
            tell(call["leg"], ring())
            return
        waiting = self.settings.waiting
        explain("R37 waiting", f"the caller waits and hears {'the announcement' if waiting else 'ringback'}")
        tell(call["leg"], play(waiting or tone(Tone.RINGBACK), times=0))

    def _missing(self, call):
        """There is no such announcement: the caller goes on without it."""
        if call.get("hears") == "waiting":
            tell(call["leg"], play(tone(Tone.RINGBACK), times=0))
        else:
            self._played(call)

    def _played(self, call):
        if call["phase"] == "leaving":
            self.calls.remove(call)
            tell(call["leg"], reject(Cause[call["cause"]]))
            return
        if call["phase"] == "greeting":
            call.update(phase="queued", not_before=self.now)
        if call.get("hears") == "greeting":
            call["hears"] = "nothing"

    # Who leaves (R36, R38 to R40).

    def _expire(self):
        for call in list(self.calls):
            expired = call.get("expires", self.now + 1) <= self.now
            if call["phase"] == "ringing" and expired and not call.get("expired"):
                call["expired"] = True  # an answer may come first; the outcome tells
                tell(call["leg"], cancel_dial())
            elif call["phase"] in ("greeting", "queued") and expired:
                self._send_away(call, "expired")
            elif _is_queued(call) and not self.members.anybody_takes_part():
                self._send_away(call, "nobody")

    def _send_away(self, call, why):
        """Takes a call out of the queue, if it is there, and lets it go."""
        rule, sentence, cause = AWAY[why]
        if call in self.calls:
            self.calls.remove(call)
        explain(rule, sentence)
        number = self.settings.overflow_number if self.settings.overflow == "number" else None
        if why == "closed" and self.settings.closed_number is not None:
            number = self.settings.closed_number
        if number is not None:
            self._forward(call, number, cause)
        elif self.settings.overflow == "hang-up":
            self._let_go(call, cause)
        else:
            self._dissuade(call, cause)

    def _forward(self, call, number, cause):
        """R24 holds for the number too."""
        try:
            target = destination(number)
        except NotAllowed as why:
            explain("R24", f"{number}: {why}")
            self._dissuade(call, cause)
            return
        explain("R39 number", f"the caller goes to {number}")
        tell(call["leg"], dial(target))
        self.calls.append({"leg": call["leg"], "phase": "forwarded"})

    def _dissuade(self, call, cause):
        if not (call["may_play"] and self.settings.dissuasion):
            self._let_go(call, cause)
            return
        explain("R39 dissuasion", "the caller hears that nobody can take the call")
        tell(call["leg"], play(self.settings.dissuasion))
        self.calls.append({"leg": call["leg"], "phase": "leaving", "cause": cause.name})

    def _let_go(self, call, cause):
        explain("R39 hang-up", "the call ends")
        tell(call["leg"], reject(cause))

    # When the group is to be woken.

    def _set_timer(self):
        due = []
        for call in self.calls:
            if call["phase"] in ("greeting", "queued", "ringing"):
                due.append(call["expires"])
            if _is_queued(call):
                due.append(call["not_before"])
        if any(map(_is_queued, self.calls)):
            due += self.members.ends_of_rest()
        wake = min((at for at in due if at > self.now), default=None)
        if wake == self.state["wake_at"]:
            return
        if wake is None:
            forget(WAKE)
        else:
            wake_at(WAKE, wake)
        self.state["wake_at"] = wake
