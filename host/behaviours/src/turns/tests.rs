use super::*;

const LITTLE: Duration = Duration::from_micros(30);
const MUCH: Duration = Duration::from_millis(20);
const SECOND: Duration = Duration::from_secs(1);

fn at(millis: u64) -> Duration {
    SECOND + Duration::from_millis(millis)
}

fn tenant(name: &str) -> Arc<str> {
    name.into()
}

/// Takes everything that waits in a lane, and says whose it was.
fn all(turns: &mut Turns<u32>, now: Duration, lane: Lane) -> Vec<(String, u32)> {
    let next = || {
        turns
            .take(now, lane)
            .map(|taken| (taken.tenant.to_string(), taken.event))
    };
    std::iter::from_fn(next).collect()
}

fn pairs(expected: &[(&str, u32)]) -> Vec<(String, u32)> {
    expected
        .iter()
        .map(|(name, event)| ((*name).to_owned(), *event))
        .collect()
}

/// Has one event of a tenant run.
fn run(turns: &mut Turns<u32>, now: Duration, who: &Arc<str>, cost: Duration) -> Lane {
    turns.push(now, who, 0).unwrap();
    let (lane, taken) = [Lane::Brisk, Lane::Patient]
        .into_iter()
        .find_map(|lane| Some((lane, turns.take(now, lane)?)))
        .unwrap();
    assert_eq!(&taken.tenant, who);
    turns.done(now + cost, who, taken.charged, cost);
    lane
}

#[test]
fn tenants_take_turns_and_each_ones_events_stay_in_order() {
    let mut turns = Turns::new(100);
    let (a, b, c) = (tenant("a"), tenant("b"), tenant("c"));
    for event in 1..=3 {
        turns.push(at(0), &a, event).unwrap();
    }
    turns.push(at(1), &b, 4).unwrap();
    turns.push(at(1), &c, 5).unwrap();
    turns.push(at(1), &b, 6).unwrap();
    let served = all(&mut turns, at(2), Lane::Brisk);
    let expected = [("a", 1), ("b", 4), ("c", 5), ("a", 2), ("b", 6), ("a", 3)];
    assert_eq!(served, pairs(&expected));
    assert_eq!(turns.waiting(), 0);
}

#[test]
fn a_newcomer_does_not_wait_for_somebody_elses_thousand() {
    let mut turns = Turns::new(10_000);
    let (many, one) = (tenant("many"), tenant("one"));
    for event in 0..1_000 {
        turns.push(at(0), &many, event).unwrap();
    }
    turns.take(at(1), Lane::Brisk).unwrap();
    turns.push(at(1), &one, 7).unwrap();
    let next: Vec<_> = (0..2)
        .map(|_| turns.take(at(2), Lane::Brisk).unwrap().event)
        .collect();
    assert!(next.contains(&7), "{next:?}");
}

#[test]
fn whose_events_are_long_is_served_apart_until_they_are_short_again() {
    let mut turns = Turns::new(100);
    let slow = tenant("slow");
    assert_eq!(
        run(&mut turns, at(0), &slow, MUCH),
        Lane::Brisk,
        "nobody can know"
    );
    assert_eq!(run(&mut turns, at(10_000), &slow, LITTLE), Lane::Patient);
    let brisk_again = (1..)
        .find(|times| run(&mut turns, at(10_000 + times * 1_000), &slow, LITTLE) == Lane::Brisk)
        .unwrap();
    assert!((10..40).contains(&brisk_again), "{brisk_again}");
}

#[test]
fn whoever_takes_more_than_a_share_of_a_processor_is_served_apart_while_it_owes() {
    let mut turns = Turns::new(100);
    let (modest, greedy) = (tenant("modest"), tenant("greedy"));
    let event = Duration::from_millis(2);
    for millis in (0..4_000).step_by(10) {
        assert_eq!(
            run(&mut turns, at(millis), &modest, event),
            Lane::Brisk,
            "a fifth: {millis}"
        );
    }
    let lanes: Vec<_> = (0..400)
        .map(|times| run(&mut turns, at(times * 4), &greedy, event))
        .collect();
    let first = lanes.iter().position(|lane| *lane == Lane::Patient).unwrap();
    assert!(
        (20..60).contains(&first),
        "a burst of 50 ms beyond its share: {first}"
    );
    let later = at(400 * 4) + MOST;
    assert_eq!(
        run(&mut turns, later, &greedy, event),
        Lane::Brisk,
        "it is paid off"
    );
}

#[test]
fn among_those_who_wait_the_one_who_had_least_is_first() {
    let mut turns = Turns::new(100);
    let (little, much) = (tenant("little"), tenant("much"));
    for _ in 0..3 {
        run(&mut turns, at(0), &much, Duration::from_millis(4));
    }
    run(&mut turns, at(0), &little, LITTLE);
    turns.push(at(1), &much, 1).unwrap();
    turns.push(at(2), &little, 2).unwrap();
    assert_eq!(
        all(&mut turns, at(3), Lane::Brisk),
        pairs(&[("little", 2), ("much", 1)])
    );
}

#[test]
fn what_waits_moves_to_the_other_lane_with_its_tenant() {
    let mut turns = Turns::new(100);
    let slow = tenant("slow");
    for event in 0..3 {
        turns.push(at(0), &slow, event).unwrap();
    }
    let first = turns.take(at(0), Lane::Brisk).unwrap();
    assert_eq!(
        (turns.waiting_in(Lane::Brisk), turns.waiting_in(Lane::Patient)),
        (2, 0)
    );
    turns.done(at(20), &slow, first.charged, MUCH);
    assert_eq!(
        (turns.waiting_in(Lane::Brisk), turns.waiting_in(Lane::Patient)),
        (0, 2)
    );
    assert_eq!(turns.take(at(20), Lane::Brisk), None);
    let waited: Vec<_> = (0..2)
        .map(|_| turns.take(at(30), Lane::Patient).unwrap().waited)
        .collect();
    assert_eq!(waited, [Duration::from_millis(30); 2]);
}

#[test]
fn when_no_more_may_wait_whoever_has_most_waiting_loses_its_newest() {
    let mut turns = Turns::new(4);
    let (many, one) = (tenant("many"), tenant("one"));
    for event in 1..=4 {
        turns.push(at(0), &many, event).unwrap();
    }
    assert_eq!(turns.push(at(0), &many, 5), Err(5));
    assert_eq!(turns.push(at(0), &one, 6), Err(4));
    assert_eq!(turns.push(at(0), &one, 7), Err(3));
    assert_eq!(turns.push(at(0), &one, 8), Err(8), "both have two");
    assert_eq!(turns.waiting(), 4);
    assert_eq!(all(&mut turns, at(1), Lane::Brisk).len(), 4);
}

#[test]
fn tenants_that_owe_nothing_are_forgotten() {
    let mut turns = Turns::new(100);
    for number in 0..10_000_u64 {
        run(&mut turns, at(number), &tenant(&number.to_string()), LITTLE);
    }
    assert!(turns.tenants.len() <= 2 * REMEMBERED, "{}", turns.tenants.len());
}

/// Whatever comes, the counts are right, nothing is lost, and nobody's events overtake each other.
#[test]
fn nothing_is_lost_or_overtaken() {
    let mut random = base::Random::from_entropy([7; 32]);
    let mut turns = Turns::new(50);
    let tenants: Vec<_> = (0..7).map(|number| tenant(&number.to_string())).collect();
    let (mut last, mut pushed, mut served, mut refused) = (HashMap::new(), 0_u32, 0_u32, 0_u32);
    let mut running: Vec<Taken<u32>> = Vec::new();
    for step in 0..20_000 {
        let now = at(step);
        match random.below(3) {
            0 => {
                let who = &tenants[random.below(7) as usize];
                pushed += 1;
                refused += u32::from(turns.push(now, who, pushed).is_err());
            }
            1 => {
                let lane = if random.chance(0.5) {
                    Lane::Brisk
                } else {
                    Lane::Patient
                };
                let Some(taken) = turns.take(now, lane) else {
                    continue;
                };
                let before = last.insert(taken.tenant.clone(), taken.event);
                assert!(before.is_none_or(|before| before < taken.event));
                served += 1;
                running.push(taken);
            }
            _ => {
                let Some(taken) = running.pop() else { continue };
                let cost = Duration::from_micros(random.below(8_000));
                turns.done(now, &taken.tenant, taken.charged, cost);
            }
        }
        let waiting: usize = turns.tenants.values().map(|known| known.waiting.len()).sum();
        assert_eq!(turns.waiting(), waiting);
        assert_eq!(pushed, served + refused + u32::try_from(waiting).unwrap());
    }
    assert!(served > 1_000);
}

#[test]
fn whose_events_were_brief_for_long_enough_may_be_run_by_whoever_asks() {
    let mut turns = Turns::new(100);
    let a = tenant("a");
    assert!(!turns.is_brief(at(0), &a), "nobody knows it");
    for event in 0..TRUSTED {
        assert!(!turns.is_brief(at(u64::from(event)), &a));
        run(&mut turns, at(u64::from(event)), &a, LITTLE);
    }
    assert!(turns.is_brief(at(100), &a));
    turns.push(at(100), &a, 1).unwrap();
    assert!(!turns.is_brief(at(100), &a), "one waits, and comes first");
}

#[test]
fn who_takes_long_when_trusted_is_trusted_less_each_time() {
    let mut turns = Turns::new(100);
    let a = tenant("a");
    let mut now = at(0);
    let mut events_until_trusted = |turns: &mut Turns<u32>| {
        let mut events = 0;
        while !turns.is_brief(now, &a) {
            now += Duration::from_millis(10);
            run(turns, now, &a, LITTLE);
            events += 1;
        }
        run(turns, now, &a, BREACH);
        events
    };
    assert_eq!(events_until_trusted(&mut turns), TRUSTED);
    assert_eq!(events_until_trusted(&mut turns), TRUSTED * DISTRUST);
    assert_eq!(events_until_trusted(&mut turns), TRUSTED * DISTRUST * DISTRUST);
}
