//! Fields of each kind of document: what they hold, whether they have to be there, and what they mean.

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Text,
    Flag,
    Number,
    Texts,
    Object,
    Objects,
    OneOf(&'static [&'static str]),
}

use Shape::{Flag, Number, Object, Objects, OneOf, Text, Texts};

pub(super) struct Field {
    pub name: &'static str,
    pub shape: Shape,
    pub required: bool,
    pub meaning: &'static str,
}

const fn must(name: &'static str, shape: Shape, meaning: &'static str) -> Field {
    Field {
        name,
        shape,
        required: true,
        meaning,
    }
}

const fn may(name: &'static str, shape: Shape, meaning: &'static str) -> Field {
    Field {
        name,
        shape,
        required: false,
        meaning,
    }
}

const ID: Field = may("id", Text, "As in the address; may be left out.");
const NAME: Field = may("name", Text, "For people.");

pub(super) const TENANT: &[Field] = &[
    ID,
    must("name", Text, "For people."),
    must(
        "domains",
        Texts,
        "SIP domains, lower-case; each in one tenant only.",
    ),
    may(
        "realm",
        Text,
        "Digest realm; fixed at creation, the first domain unless given.",
    ),
    may(
        "digest",
        OneOf(&["md5", "sha-256", "both"]),
        "What phones are challenged with. Default `md5`: some phones give up when there is another challenge beside it.",
    ),
    may(
        "country",
        Text,
        "ISO 3166 alpha-2: numbering plan, tones, emergency numbers. Default `FR`.",
    ),
    may("time-zone", Text, "IANA name. Default `Europe/Paris`."),
    may(
        "language",
        Text,
        "BCP 47, for shipped announcements. Default `fr`.",
    ),
    may(
        "numbering",
        Object,
        "`outside-prefix`, `area-code`, `internal-digits` with `min` and `max`.",
    ),
    may(
        "limits",
        Object,
        "At once: `calls`, `hops`, `lines`, `sessions`; `outside-per-minute`; of each session `events-per-minute` and bytes of `state`.",
    ),
    may(
        "defaults",
        Object,
        "`line`: behaviours in front of a line that names none.",
    ),
    may(
        "grants",
        Object,
        "Number classes that `lines` and `behaviours` may dial outside; `imports`: interfaces that modules may use, absent: all; `large-modules`: modules may bring an interpreter along.",
    ),
    may(
        "spend",
        Object,
        "Cap on calls outside, in thousandths: `per-minute` of each number class, and how much `per-day`.",
    ),
    may(
        "interception",
        Object,
        "Another exchange asks about its calls: the `pilot` number there that leads here, the `trunk` to it; what happens `otherwise` (`continue`, `reject`) after `patience` milliseconds; the `announcement` there for who is refused.",
    ),
    may(
        "journal",
        Object,
        "What is kept of its sessions: `days` (default 7; 0: nothing), `mebibytes` of each behaviour, `numbers-for-operators`.",
    ),
    may(
        "media",
        OneOf(&["anchored", "direct"]),
        "Which way sound goes: through the exchange (default, right behind NAT), or between the parties as long as nobody needs it here.",
    ),
];

pub(super) const SITE: &[Field] = &[
    ID,
    must("name", Text, "For people; all that can be changed of a site."),
    may(
        "address",
        Object,
        "`street`, `postal-code`, `city`, `country`: where emergency services are sent.",
    ),
    may(
        "emergency-trunk",
        Text,
        "Takes the site's emergency calls; absent: the tenant's trunks in their order.",
    ),
];

pub(super) const USER: &[Field] = &[
    ID,
    must("first-name", Text, ""),
    must("last-name", Text, ""),
    must("email", Text, "The login: one person each."),
    may("language", Text, "BCP 47; absent: the tenant's."),
];

const MEDIA: Field = may(
    "media",
    OneOf(&["anchored", "direct"]),
    "Which way its sound goes; absent: the tenant's. Both ends of a call have to allow `direct`.",
);

pub(super) const DEVICE: &[Field] = &[
    ID,
    NAME,
    may(
        "kind",
        OneOf(&["softphone", "phone", "dect", "conference", "sim", "ata"]),
        "Default `softphone`.",
    ),
    may("owner", Text, "A user's id; a doorbell has none."),
    may("hardware", Text, "MAC address, or ICCID of a SIM."),
    may(
        "model",
        Text,
        "Says how many programmable keys it has: one of `…/device-models`, or a name with their number (`snom-d785/24`).",
    ),
    may(
        "keys",
        Objects,
        "Programmable keys: `label`, `kind` (`line`, `lamp`, `number`, `code`) and `target` of each; kept in this order of kinds. Another model loses those that it has no room for.",
    ),
    may(
        "max-calls",
        Number,
        "Calls at once; absent: what its kind can do.",
    ),
    may(
        "screen",
        OneOf(&["text", "cisco", "yealink", "desk"]),
        "How pages come to its display; absent: it has none.",
    ),
    MEDIA,
    may(
        "credentials",
        Object,
        "`username` and `realm`; set the password at `…/password`.",
    ),
];

pub(super) const LINE: &[Field] = &[
    ID,
    may(
        "kind",
        OneOf(&["fixed", "virtual", "mobile", "analogue", "ownerless"]),
        "Default `fixed`.",
    ),
    must("name", Text, "For people."),
    may(
        "site",
        Text,
        "A site's id; fixed, analogue and ownerless lines have one.",
    ),
    may("short-number", Text, "Within the tenant."),
    may("number", Text, "E.164: `+33123456789`."),
    may("user", Text, "A user's id."),
    may("devices", Texts, "Those that ring; absent: all of the user's."),
    may(
        "trunk",
        Text,
        "For a line without devices: the trunk to another exchange that has its phones. It is rung over that.",
    ),
    may(
        "paired",
        Text,
        "The line it goes with: a virtual line's mobile, a fixed line's mobile.",
    ),
    may(
        "features",
        Object,
        "`call-waiting`, `distinctive-ring`, `caller-id`, `restriction`.",
    ),
    may(
        "behaviours",
        Texts,
        "In front of it, outermost first; absent: the tenant's default; empty: it just rings.",
    ),
    may(
        "settings",
        Object,
        "By behaviour: what is set differently for this line.",
    ),
];

pub(super) const NUMBER: &[Field] = &[
    ID,
    NAME,
    may("site", Text, "A site's id."),
    may(
        "behaviours",
        Objects,
        "`behaviour` and `settings` of each, outermost first.",
    ),
    may(
        "line",
        Text,
        "Rings behind the last behaviour, or when one fails.",
    ),
];

pub(super) const DIAL_PLAN: &[Field] = &[must(
    "rules",
    Objects,
    "`name`, `direction` (`internal`, `inbound`), `pattern` (`any`, or `number`, `prefix`, `feature-code` with a text), \
     `action` (`own`, `refuse`, `pick-up`, or `conference` with `gather`, `behaviours`, `line`, `outside` with its object, `set` with `feature` and `on`, `session` with `behaviour` and `number`, or `tell` with `behaviour`, `number` and a \
     `message` for the session there, in which `{line}` is the caller's); the first that matches decides.",
)];

pub(super) const TRUNK: &[Field] = &[
    ID,
    NAME,
    must(
        "access",
        Object,
        "One of `address`, `register`, `registered`, with how each side knows the other.",
    ),
    may(
        "outbound",
        Text,
        "SIP URI that calls go to; absent: where it registers, or none.",
    ),
    may("priority", Number, "Lower is tried first."),
    may(
        "max-calls",
        Number,
        "At once, both directions; 0: as many as the tenant may have.",
    ),
    may("classes", Texts, "Number classes that it carries."),
    may("emergency", Flag, "Takes emergency calls. Default true."),
    may(
        "outbound-rules",
        Objects,
        "`prefix`, `strip`, `add`: applied to called numbers on their way out.",
    ),
    may("inbound-rules", Objects, "The same for numbers on their way in."),
    may(
        "scheme",
        OneOf(&["e164", "e164-no-plus", "national"]),
        "How it wants numbers. Default `e164`.",
    ),
    may(
        "caller-id",
        Object,
        "`foreign`: let foreign numbers through; `fallback`: shown instead.",
    ),
    may(
        "dialog-watches",
        Object,
        "Lines that are watched over it (event package `dialog`): `outbound`, it is asked about lines whose phones it has; `inbound`, it may ask about ours. Default neither.",
    ),
    MEDIA,
];

pub(super) const CALENDAR: &[Field] = &[
    ID,
    NAME,
    may(
        "hours",
        Objects,
        "`days`, `from`, `to`, `break`; a weekday in none is closed.",
    ),
    may(
        "closed",
        Objects,
        "`name`, `from`, `to` (dates): closed whole days.",
    ),
    may(
        "holidays",
        Text,
        "Closed on the public holidays of this country, too: ISO 3166 alpha-2.",
    ),
    may("time-zone", Text, "IANA name; absent: the tenant's."),
];

pub(super) const PICKUP_GROUP: &[Field] = &[
    ID,
    must("name", Text, "Letters, digits and spaces."),
    must("site", Text, "A site's id."),
    may(
        "lines",
        Texts,
        "Fixed lines of the site, each in one group at most.",
    ),
];

pub(super) const CONTACT: &[Field] = &[
    ID,
    must("name", Text, ""),
    may("company", Text, ""),
    must("numbers", Texts, "In any spelling of the tenant's country."),
];
