use super::*;

/// Lines 201 and 202 with a phone each, and a desk telephone of the model.
fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.phone("201");
    desk.phone("202");
    desk
}

fn telephone(model: &str, keys: Value) -> Value {
    json!({
        "id": "desk", "kind": "phone", "owner": "201", "hardware": "00:1b:63:84:45:e6",
        "model": model, "keys": keys,
    })
}

fn labels(desk: &Desk) -> Vec<String> {
    let device = desk.acme().device("desk").unwrap();
    device.keys.iter().map(|key| key.label.clone()).collect()
}

fn shortcuts(labels: &[&str]) -> Value {
    let key = |(number, label): (usize, &&str)| json!({"kind": "number", "target": format!("06123456{number:02}"), "label": label});
    labels.iter().enumerate().map(key).collect()
}

#[test]
fn another_device_of_the_same_model_keeps_its_keys_r6() {
    let mut desk = desk();
    desk.put("device", telephone("snom-d785/3", shortcuts(&["a", "b", "c"])))
        .unwrap();
    let mut swapped = telephone("snom-d785/3", shortcuts(&["a", "b", "c"]));
    swapped["hardware"] = json!("00:1b:63:84:45:e7");
    let applied = desk.put("device", swapped).unwrap();
    assert_eq!(
        (labels(&desk), applied.lost),
        (vec!["a".into(), "b".into(), "c".into()], vec![])
    );
}

#[test]
fn with_a_smaller_model_surplus_keys_are_lost_and_named_r6() {
    let mut desk = desk();
    desk.put("device", telephone("snom-d785/3", shortcuts(&["a", "b", "c"])))
        .unwrap();
    let applied = desk
        .put("device", telephone("snom-d717/1", shortcuts(&["a", "b", "c"])))
        .unwrap();
    assert_eq!(labels(&desk), ["a"]);
    assert_eq!(
        applied.lost,
        ["key 2: b (number 0612345601)", "key 3: c (number 0612345602)"]
    );
    assert_eq!(
        desk.wrong("device", telephone("snom-d717/1", shortcuts(&["a", "b"]))),
        ["/keys/1: is one too many: `snom-d717/1` has 1 keys (R6)"],
        "no other model, so nothing is lost: it is refused"
    );
}

#[test]
fn supervision_comes_before_shortcuts_without_gaps_r50() {
    let mut desk = desk();
    let keys = json!([
        {"kind": "code", "target": "*98", "label": "Interception"},
        {"kind": "lamp", "target": "202", "label": "Bob"},
        {"kind": "line", "target": "201", "label": "Own"},
    ]);
    desk.put("device", telephone("polycom-vvx-450", keys)).unwrap();
    assert_eq!(labels(&desk), ["Own", "Bob", "Interception"]);
}

#[test]
fn each_key_that_is_wrong_is_named_r47_r49() {
    let mut desk = desk();
    let mobile = json!({"id": "m", "name": "Mobile", "kind": "mobile", "number": "+33612345678"});
    desk.put("line", mobile).unwrap();
    let stands = json!({"id": "v", "name": "V", "kind": "virtual", "number": "+33123456789", "paired": "m"});
    desk.put("line", stands).unwrap();
    let keys = json!([
        {"kind": "line", "target": "202"},
        {"kind": "lamp", "target": "v"},
        {"kind": "lamp", "target": "nobody"},
        {"kind": "number", "target": "hello"},
        {"kind": "code", "target": "98"},
        {"kind": "code", "target": "*98"},
        {"kind": "code", "target": "*98"},
    ]);
    assert_eq!(
        desk.wrong("device", telephone("polycom-vvx-450", keys)),
        [
            "/keys/0/target: must be a line that rings at this device",
            "/keys/1/target: must be a fixed or mobile line: a virtual one never rings (R47)",
            "/keys/2/target: there is no line `nobody`",
            "/keys/3/target: `hello` is no number that can be dialled (R49)",
            "/keys/4/target: `98` is no feature code such as `*98`",
            "/keys/6/target: is on another key already",
        ]
    );
    assert_eq!(
        desk.wrong(
            "device",
            json!({"id": "soft", "keys": [{"kind": "code", "target": "*98"}]})
        ),
        ["/keys/0: needs a `model`, which says how many keys there are (R6)"]
    );
    assert_eq!(desk.wrong("device", telephone("toaster", json!([]))).len(), 1);
}

#[test]
fn a_line_on_a_key_is_not_deleted_and_keys_go_with_their_device_r6() {
    let mut desk = desk();
    let keys = json!([{"kind": "lamp", "target": "202", "label": "Bob"}]);
    desk.put("device", telephone("polycom-vvx-450", keys)).unwrap();
    let Err(Refusal::InUse { by, .. }) = desk.delete(Kind::Line, "202") else {
        panic!("in use")
    };
    assert_eq!(by, [key(Kind::Device, "desk")]);
    desk.delete(Kind::Device, "desk").unwrap();
    desk.put("device", telephone("polycom-vvx-450", json!([])))
        .unwrap();
    assert!(labels(&desk).is_empty(), "nothing came back");
    desk.delete(Kind::Line, "202").unwrap();
}
