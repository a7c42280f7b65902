use super::*;

#[test]
fn only_the_name_of_a_site_can_be_changed_r1() {
    let mut desk = Desk::new();
    let site = |name: &str, street: &str| json!({"id": "paris", "name": name, "address": {"street": street, "city": "Paris"}});
    desk.put("site", site("Paris", "1 rue de la Paix")).unwrap();
    desk.put("site", site("Siège", "1 rue de la Paix")).unwrap();
    assert_eq!(
        desk.wrong("site", site("Siège", "2 rue de la Paix")),
        ["/address: cannot be changed: make another site and move its lines there (R1)"]
    );
}

#[test]
fn a_site_is_deleted_once_no_line_is_attached_r1() {
    let mut desk = Desk::new();
    desk.phone("201");
    assert_eq!(
        desk.delete(Kind::Site, "main"),
        Err(Refusal::InUse {
            key: key(Kind::Site, "main"),
            by: vec![key(Kind::Line, "201")],
        })
    );
    desk.delete(Kind::Line, "201").unwrap();
    desk.delete(Kind::Site, "main").unwrap();
}

#[test]
fn an_e_mail_address_is_one_users_login_r4() {
    let mut desk = Desk::new();
    let user = |id: &str, email: &str| json!({"id": id, "first-name": "A", "last-name": "B", "email": email});
    desk.put("user", user("a", "ann@acme.example")).unwrap();
    assert_eq!(
        desk.wrong("user", user("b", "Ann@Acme.example")),
        [
            "/email: the e-mail address `ann@acme.example` is also in acme/user/b: only one may have it",
            "/email: the e-mail address `ann@acme.example` is also in acme/user/a: only one may have it",
        ]
    );
    assert!(desk.acme().user("b").is_none());
    assert_eq!(
        desk.acme().user_by_email("ANN@acme.example").unwrap().id.as_str(),
        "a"
    );
    for email in [
        "ann",
        "@acme.example",
        "ann@",
        "a b@acme.example",
        "ann@acme..example",
        "a@b@c",
    ] {
        assert_eq!(desk.wrong("user", user("c", email)).len(), 1, "{email}");
    }
}

#[test]
fn two_users_can_swap_their_addresses_in_one_batch() {
    let mut desk = Desk::new();
    let user = |id: &str, email: &str| json!({"id": id, "first-name": "A", "last-name": "B", "email": email});
    desk.put("user", user("a", "a@acme.example")).unwrap();
    desk.put("user", user("b", "b@acme.example")).unwrap();
    let swap = vec![
        put("user", user("a", "b@acme.example")),
        put("user", user("b", "a@acme.example")),
    ];
    desk.ask(Request::Batch(swap)).unwrap();
    assert_eq!(
        desk.acme().user_by_email("a@acme.example").unwrap().id.as_str(),
        "b"
    );
    assert_eq!(
        desk.acme().user_by_email("b@acme.example").unwrap().id.as_str(),
        "a"
    );
}

#[test]
fn a_phone_is_bound_to_its_hardware_r5() {
    let mut desk = Desk::new();
    let device = |kind: &str, hardware: Value| json!({"id": "d", "kind": kind, "hardware": hardware});
    for kind in ["phone", "dect", "conference", "ata"] {
        assert_eq!(desk.wrong("device", device(kind, Value::Null)).len(), 1, "{kind}");
        assert_eq!(
            desk.wrong("device", device(kind, json!("00:1b:63:84:45"))).len(),
            1,
            "{kind}"
        );
    }
    assert_eq!(
        desk.wrong("device", device("sim", json!("00:1b:63:84:45:e6")))
            .len(),
        1
    );
    desk.put("device", device("sim", json!("8933150319012345678")))
        .unwrap();
    desk.put("device", device("phone", json!("00-1B-63-84-45-E6")))
        .unwrap();
    let twin = json!({"id": "e", "kind": "phone", "hardware": "001b.6384.45e6"});
    assert_eq!(
        desk.wrong("device", twin),
        ["/hardware: is that of the device `d`"]
    );
}

#[test]
fn a_device_has_no_more_calls_than_its_kind_can_r5() {
    let mut desk = Desk::new();
    for (kind, hardware, most) in [
        ("softphone", Value::Null, 20),
        ("phone", json!("001b638445e6"), 20),
        ("dect", json!("001b638445e6"), 2),
        ("conference", json!("001b638445e6"), 6),
        ("sim", json!("8933150319012345678"), 2),
    ] {
        let device = |calls: u8| json!({"id": "d", "kind": kind, "hardware": hardware, "max-calls": calls});
        desk.put("device", device(most)).unwrap();
        assert_eq!(
            desk.wrong("device", device(most + 1)),
            [format!("/max-calls: must be 1 to {most} (R5)")]
        );
        assert_eq!(desk.wrong("device", device(0)).len(), 1);
    }
}

#[test]
fn writing_a_device_keeps_its_password_and_another_user_name_needs_a_new_one() {
    let mut desk = Desk::new();
    desk.phone("201");
    let before = desk.acme().device("201").unwrap().credentials.clone();
    desk.put("device", json!({"id": "201", "name": "Desk", "owner": "201"}))
        .unwrap();
    assert_eq!(desk.acme().device("201").unwrap().credentials, before);
    let seen = serde_json::to_value(
        Document::Device(desk.acme().device("201").unwrap().document.clone()).redacted(),
    )
    .unwrap();
    assert!(!seen.to_string().contains("ha1"));
    desk.put("device", seen["device"].clone()).unwrap();
    assert_eq!(desk.acme().device("201").unwrap().credentials, before);
    let mut renamed = seen["device"].clone();
    renamed["credentials"]["username"] = json!("bob");
    assert_eq!(
        desk.wrong("device", renamed),
        ["/credentials: needs a password set for this user name (it is hashed and forgotten)"]
    );
}

#[test]
fn a_user_with_devices_is_not_deleted() {
    let mut desk = Desk::new();
    desk.phone("201");
    let Err(Refusal::InUse { by, .. }) = desk.delete(Kind::User, "201") else {
        panic!("in use")
    };
    assert_eq!(by, [key(Kind::Device, "201"), key(Kind::Line, "201")]);
}

#[test]
fn a_company_has_five_hundred_contacts_at_most_r8() {
    let mut desk = Desk::new();
    let contact = |n: usize| {
        put(
            "contact",
            json!({"id": format!("c{n}"), "name": "C", "numbers": ["01 23 45 67 89"]}),
        )
    };
    desk.ask(Request::Batch((0..500).map(contact).collect())).unwrap();
    assert_eq!(
        findings(desk.ask(contact(500))),
        [": 500 contacts are the most (R8), there would be 501"]
    );
    assert_eq!(desk.acme().contacts().len(), 500);
}

#[test]
fn pickup_groups_hold_fixed_lines_of_one_site_each_once_r46() {
    let mut desk = Desk::new();
    desk.phone("201");
    desk.phone("202");
    desk.put("site", json!({"id": "lyon", "name": "Lyon"})).unwrap();
    desk.put(
        "line",
        json!({"id": "301", "name": "Lyon", "short-number": "301", "site": "lyon"}),
    )
    .unwrap();
    let group = |id: &str, name: &str, lines: &[&str]| json!({"id": id, "name": name, "site": "main", "lines": lines});
    desk.put("pickup-group", group("sales", "Sales 1", &["201"]))
        .unwrap();
    assert_eq!(desk.acme().pickup_group_of("201").unwrap().id.as_str(), "sales");
    assert_eq!(
        desk.wrong("pickup-group", group("b", "B&B", &["301"])),
        [
            "/name: must have letters, digits and spaces only (R46)",
            "/lines/0: `301` must be a fixed line of the site `main` (R46)",
        ]
    );
    assert_eq!(
        desk.wrong("pickup-group", group("b", "B", &["202", "201"])).len(),
        2
    );
    assert_eq!(desk.acme().pickup_group_of("201").unwrap().id.as_str(), "sales");
    desk.delete(Kind::PickupGroup, "sales").unwrap();
    assert!(desk.acme().pickup_group_of("201").is_none());
}
