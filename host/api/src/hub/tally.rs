//! Prometheus metrics. No tenants, numbers or lines as labels: their count has no bound.

use exchange::{Fact, Report, Rung};
use metrics::{counter, histogram};

pub(super) fn count(report: &Report) {
    match &report.fact {
        Fact::Sip(message) if message.sent => {
            counter!("cordboard_sip_messages_total", "way" => "sent").increment(1)
        }
        Fact::Sip(_) => counter!("cordboard_sip_messages_total", "way" => "received").increment(1),
        Fact::CallStarted { .. } => counter!("cordboard_calls_total").increment(1),
        Fact::CallEnded(cdr) => {
            counter!("cordboard_calls_ended_total", "cause" => cdr.cause.to_string()).increment(1);
            if let Some(ringing) = cdr.ringing {
                histogram!("cordboard_ringing_seconds").record(ringing.since(cdr.started).as_secs_f64());
            }
        }
        Fact::Decided { took, spent, .. } => {
            counter!("cordboard_decisions_total", "result" => "decided").increment(1);
            histogram!("cordboard_decision_seconds").record(took.as_secs_f64());
            histogram!("cordboard_decision_worker_seconds").record(spent.micros as f64 / 1e6);
        }
        Fact::NotDecided { .. } => counter!("cordboard_decisions_total", "result" => "failed").increment(1),
        Fact::LateDecision { .. } => counter!("cordboard_decisions_total", "result" => "late").increment(1),
        Fact::Ladder { rung, .. } => {
            let rung = match rung {
                Rung::LastGood => "last-good",
                Rung::RingLine => "ring-line",
                Rung::Courtesy => "courtesy",
                Rung::Refuse => "refuse",
            };
            counter!("cordboard_fallbacks_total", "rung" => rung).increment(1);
        }
        Fact::Refused { .. } => counter!("cordboard_sip_refused_total").increment(1),
        Fact::Registration { .. } => counter!("cordboard_registrations_total").increment(1),
        _ => {}
    }
}
