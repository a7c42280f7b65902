#ifndef GROUP_H
#define GROUP_H

#include <cordboard.h>

enum { MEMBERS = 100, CALLS = 160, NAME = 32, SEAT_BYTES = (MEMBERS + 7) / 8 };

/* A set of members, by their places in the list: a bit each. */
struct seats {
  uint8_t bits[SEAT_BYTES];
};

/* What the group knows of a member beyond the directory. */
struct member {
  /* When the pause after a call is over. */
  uint64_t resting_until;
  uint8_t length;
  uint8_t name[NAME];
  bool absent, disconnected;
  /* Was told to be without a registered device. */
  bool unregistered;
};

/* Where a call stands.
 *
 *   GREETING --played--> QUEUED <--nobody answered-- RINGING --answered--> TALKING
 *                          | ^------next round------^
 *                          +--expired, full, nobody--> LEAVING, FORWARDED
 */
enum phase { GREETING, QUEUED, RINGING, TALKING, LEAVING, FORWARDED };

/* What plays to a caller. */
enum hears { NOTHING, THE_GREETING, WAITING };

struct call {
  cb_leg leg;
  /* Who answered. */
  cb_leg callee;
  uint64_t expires;
  /* QUEUED: members who refuse are not rung without pause. */
  uint64_t not_before;
  uint8_t phase, hears;
  bool may_play;
  /* RINGING: it has waited for long enough, and the dial is being cancelled. */
  bool expired;
  /* TALKING: by the place in the list, from 1; 0: with nobody of the group. */
  uint8_t member;
  /* LEAVING: what it is given back with. */
  uint8_t cause;
  /* Who has been rung since the last time round, and who rings. */
  struct seats tried, rung;
};

/* The state of a group: what of `calls` is used comes last. */
struct group {
  /* What the timer is set to; 0: it is not. */
  uint64_t wake_at;
  uint16_t members, calls;
  /* The last that answered, from 1 (cyclic). */
  uint8_t last;
  struct member member[MEMBERS];
  /* In the order of the queue. */
  struct call call[CALLS];
};

/* What the directory says of a member, asked once an event at most. */
struct seen {
  bool asked, registered;
  uint32_t calls;
  uint64_t idle_since;
};

/* The group while it handles an event. */
struct turn {
  struct group *group;
  const cb_json *settings;
  uint64_t now;
  struct seen seen[MEMBERS];
};

enum why { NOBODY, FULL, EXPIRED, CLOSED };

void check(const cb_json *settings, cb_problems *problems);

/* seats.c */
bool has_seat(const struct seats *seats, size_t seat);
void add_seat(struct seats *seats, size_t seat);

/* members.c */
void follow_list(struct turn *turn);
bool hear_word(struct turn *turn, cb_text words);
void line_registered(struct turn *turn, cb_text line, bool registered);
bool anybody_takes_part(struct turn *turn);
struct seats free_members(struct turn *turn);
/* R33: who is rung, of these; empty when there are none. */
struct seats first_of(struct turn *turn, const struct seats *untried);
cb_text name_of(const struct group *group, size_t seat);
/* The seat of the n-th in a set. */
size_t nth_seat(const struct seats *seats, size_t n);
cb_text names_of(const struct group *group, const struct seats *seats);

/* queue.c */
void distribute(struct turn *turn);
void expire(struct turn *turn);
void set_timer(struct turn *turn);
size_t queued(const struct group *group);

/* overflow.c */
void remove_call(struct group *group, size_t index);
/* For a call that is in the list no more. */
void send_away(struct turn *turn, struct call call, enum why why);

#endif
