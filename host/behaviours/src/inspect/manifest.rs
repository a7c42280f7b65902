//! Whether a manifest can be shown, stored and acted on.

use std::collections::BTreeSet;

use contract::{Manifest, Problem};
use serde_json::Value;

use super::problem;

const NAME_BYTES: usize = 64;
const SUMMARY_BYTES: usize = 300;
const SCHEMA_BYTES: usize = 64 << 10;
const SCHEDULES: usize = 16;

/// # Errors
///
/// All that is wrong with it.
pub(crate) fn judge(manifest: &Manifest) -> Result<(), Vec<Problem>> {
    let findings = [
        name(&manifest.name),
        version(&manifest.version),
        summary(&manifest.summary),
        schema(&manifest.settings_schema),
        schedules(manifest),
    ];
    let problems: Vec<_> = findings.into_iter().flatten().map(problem).collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

fn name(name: &str) -> Option<String> {
    if is_name(name) {
        return None;
    }
    Some(format!(
        "the manifest's name {name:.80?} is not lower-case words joined with `-`, at most {NAME_BYTES} characters"
    ))
}

fn is_name(name: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.len() <= NAME_BYTES && name.split('-').all(is_word)
}

fn version(version: &str) -> Option<String> {
    if is_semantic(version) {
        return None;
    }
    Some(format!(
        "the manifest's version {version:.80?} is no semantic version such as `1.2.0` or `2.0.0-rc.1`"
    ))
}

/// Semantic Versioning 2.0.0, without the rule against leading zeroes in pre-releases.
fn is_semantic(version: &str) -> bool {
    let (version, build) = version
        .split_once('+')
        .map_or((version, None), |(v, b)| (v, Some(b)));
    let (numbers, pre) = version
        .split_once('-')
        .map_or((version, None), |(v, p)| (v, Some(p)));
    let is_number = |n: &str| n.parse::<u64>().is_ok() && (n == "0" || !n.starts_with(['0', '+']));
    let is_label = |label: &str| {
        label.len() <= 64
            && label
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
    };
    numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && pre.is_none_or(is_label)
        && build.is_none_or(is_label)
}

fn summary(summary: &str) -> Option<String> {
    if summary.len() <= SUMMARY_BYTES && !summary.chars().any(char::is_control) {
        return None;
    }
    Some(format!(
        "the manifest's summary is not one sentence of at most {SUMMARY_BYTES} bytes"
    ))
}

fn schema(schema: &str) -> Option<String> {
    if schema.len() > SCHEMA_BYTES {
        return Some(format!(
            "the settings schema has {} bytes, {SCHEMA_BYTES} are allowed",
            schema.len()
        ));
    }
    match serde_json::from_str::<Value>(schema) {
        Ok(Value::Object(_)) => None,
        Ok(_) => Some("the settings schema is not a JSON object".into()),
        Err(error) => Some(format!("the settings schema is not JSON: {error}")),
    }
}

fn schedules(manifest: &Manifest) -> Option<String> {
    if manifest.schedules.len() > SCHEDULES {
        return Some(format!("the manifest has more than {SCHEDULES} schedules"));
    }
    let mut names = BTreeSet::new();
    for schedule in &manifest.schedules {
        if !is_name(&schedule.name) || !names.insert(&schedule.name) {
            return Some(format!(
                "the schedule {:.80?} needs a name of its own, lower-case words joined with `-`",
                schedule.name
            ));
        }
        if schedule.cron.len() > 200 || schedule.cron.split_whitespace().count() != 5 {
            return Some(format!(
                "the schedule `{}` is not five fields as in crontab(5), such as `0 7 * * 1-5`",
                schedule.name
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use contract::{Interests, Schedule, SessionScope};

    use super::*;

    fn good() -> Manifest {
        Manifest {
            name: "hunt-group".into(),
            version: "1.0.0".into(),
            summary: "Rings a group.".into(),
            settings_schema: "{}".into(),
            scope: SessionScope::PerCall,
            interests: Interests::default(),
            schedules: vec![],
            imports: vec![],
        }
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        assert_eq!(judge(&good()), Ok(()));
        let bad = Manifest {
            name: "Hunt Group".into(),
            version: "1.0".into(),
            summary: "two\nlines".into(),
            settings_schema: "[]".into(),
            schedules: vec![Schedule {
                name: "nightly".into(),
                cron: "daily".into(),
            }],
            ..good()
        };
        assert_eq!(judge(&bad).unwrap_err().len(), 5);
    }

    #[test]
    fn versions_are_semantic() {
        for version in ["0.1.0", "10.20.30", "1.0.0-rc.1", "1.0.0-a-b+build.7"] {
            assert!(is_semantic(version), "{version}");
        }
        for version in [
            "1", "1.0", "01.0.0", "1.0.0-", "1.0.0+", "v1.0.0", "1.0.x", "1.0.+1",
        ] {
            assert!(!is_semantic(version), "{version}");
        }
    }
}
