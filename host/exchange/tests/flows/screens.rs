//! Pages on displays: texts with numbered choices, pages pushed to phones, pages for a desk.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use contract::{Cause, Command, Event, GatherOutcome, OutcomeKind, Page, SessionScope};
use cordboard_exchange::directory::Screen;
use cordboard_exchange::{Input, live};
use phone::Event as PhoneEvent;

use crate::logic::{self, decided};
use crate::office::{Office, module};
use crate::world::World;

/// What the session of 301 was told: tag and how the page ended.
type Told = Rc<RefCell<Vec<(u64, OutcomeKind)>>>;

fn page() -> Page {
    Page {
        title: "203 is in a call".into(),
        text: String::new(),
        choices: vec!["Keep ringing".into(), "Call me back".into()],
        tone: true,
        expiry: 30_000,
    }
}

/// A call to 301 shows a page on 201, whose device has this display.
fn showing(screen: Option<Screen>) -> (World, Told) {
    let mut world = Office::new()
        .line_with("201", |_| {}, |device| device.screen = screen)
        .line("202")
        .behaviour("pages", module(1), SessionScope::PerNumber)
        .number("301", &["pages"])
        .open(&["201", "202"]);
    let told: Told = Rc::default();
    let noted = Rc::clone(&told);
    let calls = RefCell::new(0);
    world.behaves(module(1), move |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => {
            *calls.borrow_mut() += 1;
            let show = Command::Show {
                tag: *calls.borrow(),
                line: "201".into(),
                page: page(),
            };
            decided(vec![show, logic::reject(offer.leg, Cause::Declined)])
        }
        Event::Outcome(outcome) => {
            noted.borrow_mut().push((outcome.tag, outcome.kind.clone()));
            decided(vec![])
        }
        _ => decided(vec![]),
    });
    world.call("202", "301");
    (world, told)
}

fn digits(choice: &str) -> OutcomeKind {
    OutcomeKind::Gathered(GatherOutcome::Digits(choice.into()))
}

fn gone() -> OutcomeKind {
    OutcomeKind::Gathered(GatherOutcome::Gone)
}

/// The text that 201 got last: the user that it came from, and what it says.
fn text(world: &World) -> (String, String) {
    let mut texts = world.events("201").iter().filter_map(|event| match event {
        PhoneEvent::Told { from, body, .. } => Some((from, body)),
        _ => None,
    });
    let (from, body) = texts.next_back().unwrap();
    let user = from.split("sip:").nth(1).and_then(|uri| uri.split('@').next());
    (user.unwrap().to_owned(), body.clone())
}

fn choose(world: &mut World, token: &str, choice: u32) -> bool {
    let request = live::Request::Choose {
        token: token.into(),
        choice,
    };
    let answer = world.live(request);
    world.settle();
    matches!(answer, live::Answer::Page(Some(_)))
}

#[test]
fn a_page_goes_out_as_a_text_with_numbers_and_a_text_with_a_number_answers_it_once() {
    let (mut world, told) = showing(Some(Screen::Text));
    let (from, body) = text(&world);
    assert_eq!(body, "203 is in a call\n1 Keep ringing\n2 Call me back");
    let reply = |world: &mut World, name: &str, words: &str| {
        let kind = "Content-Type: text/plain\r\n";
        world.with(name, |phone, now| phone.ask(now, "MESSAGE", &from, kind, words));
        world.settle();
        told.borrow().clone()
    };
    assert_eq!(reply(&mut world, "202", "2"), [], "not its page");
    assert_eq!(reply(&mut world, "201", "7"), [], "no such choice");
    assert_eq!(reply(&mut world, "201", " 2 \n"), [(1, digits("2"))]);
    assert_eq!(reply(&mut world, "201", "1").len(), 1, "it is over");
}

#[test]
fn a_page_is_pushed_to_a_phone_where_it_registered_and_is_answered_with_its_token() {
    for screen in [Screen::Cisco, Screen::Yealink] {
        let (mut world, told) = showing(Some(screen));
        let push = world.pushed.pop().unwrap();
        assert_eq!((push.screen, push.page), (screen, Some(page())));
        assert_eq!(push.host.to_string(), "192.0.2.101");
        assert!(!choose(&mut world, "guess", 1) && !choose(&mut world, &push.token, 3));
        assert!(choose(&mut world, &push.token, 1));
        assert!(!choose(&mut world, &push.token, 2), "once");
        assert_eq!(*told.borrow(), [(1, digits("1"))]);
        assert_eq!(world.pushed.pop().unwrap().page, None, "it is taken away");
    }
}

#[test]
fn who_has_no_display_or_cannot_be_told_is_said_to_have_none() {
    assert_eq!(*showing(None).1.borrow(), [(1, gone())]);

    let (mut world, told) = showing(Some(Screen::Cisco));
    let push = world.pushed.pop().unwrap();
    world.input(Input::Pushed {
        token: push.token,
        device: push.device,
        shown: false,
    });
    world.settle();
    assert_eq!(*told.borrow(), [(1, gone())]);
}

#[test]
fn a_page_ends_with_its_time_when_dismissed_by_another_and_with_the_process() {
    let stopped = || OutcomeKind::Gathered(GatherOutcome::Stopped(String::new()));
    let timeout = OutcomeKind::Gathered(GatherOutcome::Timeout(String::new()));
    let (mut world, told) = showing(Some(Screen::Cisco));
    world.run(Duration::from_secs(31));
    assert_eq!(*told.borrow(), [(1, timeout)]);

    world.call("202", "301");
    let dismissed = world.pushed.pop().unwrap();
    assert!(choose(&mut world, &dismissed.token, 0));
    assert_eq!(told.borrow().last(), Some(&(2, stopped())));

    world.call("202", "301");
    world.call("202", "301");
    assert_eq!(told.borrow().last(), Some(&(3, stopped())), "one page a phone");
    world.restart();
    world.settle();
    assert_eq!(told.borrow().last(), Some(&(4, gone())));
}

#[test]
fn a_desk_hears_of_pages_as_facts() {
    let (mut world, told) = showing(Some(Screen::Desk));
    let shown = world.reports.iter().find_map(|report| match &report.fact {
        cordboard_exchange::Fact::Screen {
            token, page: Some(_), ..
        } => Some(token.reveal().clone()),
        _ => None,
    });
    assert!(choose(&mut world, &shown.unwrap(), 2));
    assert_eq!(*told.borrow(), [(1, digits("2"))]);
    assert_eq!(world.facts("screen"), 2, "it comes and goes");
}
