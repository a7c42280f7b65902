//! What people of a group do at their phones: a supervisor listens, whispers and barges in by key; a member logs out and in with one
//! key, whose lamp shows which (R31).

use serde_json::json;

use crate::baresip::{Baresip, Setup};
use crate::ear::{does_not_hear, hears, hears_all};
use crate::server::Server;
use crate::sipp::{Running, Sipp};
use crate::sound::tone;
use crate::{tenant, until};

const CALLER: (&str, f64) = ("203", 700.0);
const MEMBER: (&str, f64) = ("202", 1_100.0);
const SUPERVISOR: (&str, f64) = ("205", 1_900.0);

/// Logs its line in and out.
const KEY: &str = "*50";

fn phone((user, hertz): (&str, f64)) -> Setup {
    Setup::of(user).says(tone(hertz, 50_000))
}

#[test]
fn peers_group_a_supervisor_listens_whispers_and_barges_in_by_key() {
    let server = Server::start();
    tenant::create(&server);
    let settings = json!({
        "members": [MEMBER.0], "greeting": null, "waiting": null, "supervision": { "supervisors": [SUPERVISOR.0] },
    });
    tenant::put_behaviour(&server, "team", "group", &settings);
    let reach = json!({ "session": { "behaviour": "team", "number": tenant::TEAM } });
    tenant::put_code(&server, "*44", &reach);
    let mut member = phone(MEMBER).answers().start(&server);
    let mut caller = phone(CALLER).start(&server);
    let mut supervisor = phone(SUPERVISOR).start(&server);
    caller.dial(tenant::TEAM);
    member.expect("CALL_ESTABLISHED");
    hears(&caller, MEMBER.1);

    supervisor.dial("*44202");
    supervisor.expect("CALL_ESTABLISHED");
    hears_all(&supervisor, &[CALLER.1, MEMBER.1]);
    does_not_hear(&caller, SUPERVISOR.1);
    does_not_hear(&member, SUPERVISOR.1);

    supervisor.command("sndcode", "5");
    hears_all(&member, &[CALLER.1, SUPERVISOR.1]);
    does_not_hear(&caller, SUPERVISOR.1);

    supervisor.command("sndcode", "6");
    hears_all(&caller, &[MEMBER.1, SUPERVISOR.1]);
    hears_all(&member, &[CALLER.1, SUPERVISOR.1]);

    supervisor.hang_up();
    supervisor.expect("CALL_CLOSED");
    hears(&caller, MEMBER.1);
    hears(&member, CALLER.1);
    caller.hang_up();
    member.expect("CALL_CLOSED");
}

/// The lamp of the member's key, which was told this.
#[track_caller]
fn lamp(server: &Server, state: &str) -> Running {
    let lamp = Sipp::new("lamp", server.address())
        .user(MEMBER.0)
        .service(KEY)
        .seconds(150)
        .start();
    until(&format!("the lamp shows {state}"), || {
        lamp.messages().contains(state).then_some(())
    });
    lamp
}

#[test]
fn peers_group_r31_one_key_logs_a_member_out_and_in_and_its_lamp_tells_which() {
    const LIT: &str = "<state>confirmed</state>";
    let server = Server::start();
    tenant::create(&server);
    tenant::put_code_for_the_team(&server, KEY, "toggle");
    let mut member = phone(MEMBER).start(&server);
    let mut caller = phone(CALLER).start(&server);
    let press = |member: &mut Baresip| {
        member.dial(KEY);
        member.expect("CALL_CLOSED");
    };

    let shown = lamp(&server, LIT);
    press(&mut member);
    // The lamp's scenario ends when it goes out.
    shown.succeeds();
    caller.dial(tenant::TEAM);
    caller.expect("CALL_CLOSED");
    assert!(!member.saw("CALL_INCOMING"), "R38: nobody is logged in");

    press(&mut member);
    let _shown = lamp(&server, LIT);
    caller.dial(tenant::TEAM);
    member.accepts();
    hears(&caller, MEMBER.1);
    caller.hang_up();
    member.expect("CALL_CLOSED");
}
