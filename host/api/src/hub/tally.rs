//! Prometheus metrics. No tenants, numbers or lines as labels: their count has no bound.

use exchange::{Fact, Report, Rung};
use metrics::{Counter, Histogram, counter, histogram};

/// What most reports count, looked up once: by name it costs more than everything else that a report does.
pub(super) struct Tally {
    sent: Counter,
    received: Counter,
    calls: Counter,
    ringing: Histogram,
    decided: Counter,
    decision: Histogram,
    worker: Histogram,
}

impl Tally {
    /// Counts where the recorder of the moment does.
    pub fn new() -> Self {
        Self {
            sent: counter!("cordboard_sip_messages_total", "way" => "sent"),
            received: counter!("cordboard_sip_messages_total", "way" => "received"),
            calls: counter!("cordboard_calls_total"),
            ringing: histogram!("cordboard_ringing_seconds"),
            decided: counter!("cordboard_decisions_total", "result" => "decided"),
            decision: histogram!("cordboard_decision_seconds"),
            worker: histogram!("cordboard_decision_worker_seconds"),
        }
    }

    pub fn count(&self, report: &Report) {
        match &report.fact {
            Fact::Sip(message) if message.sent => self.sent.increment(1),
            Fact::Sip(_) => self.received.increment(1),
            Fact::CallStarted { .. } => self.calls.increment(1),
            Fact::CallEnded(cdr) => {
                counter!("cordboard_calls_ended_total", "cause" => cdr.cause.to_string()).increment(1);
                if let Some(ringing) = cdr.ringing {
                    self.ringing.record(ringing.since(cdr.started).as_secs_f64());
                }
            }
            Fact::Decided { took, spent, .. } => {
                self.decided.increment(1);
                self.decision.record(took.as_secs_f64());
                self.worker.record(spent.micros as f64 / 1e6);
            }
            Fact::NotDecided { .. } => {
                counter!("cordboard_decisions_total", "result" => "failed").increment(1)
            }
            Fact::LateDecision { .. } => {
                counter!("cordboard_decisions_total", "result" => "late").increment(1)
            }
            Fact::Ladder { rung, .. } => {
                let rung = match rung {
                    Rung::LastGood => "last-good",
                    Rung::RingLine => "ring-line",
                    Rung::Courtesy => "courtesy",
                    Rung::Refuse => "refuse",
                };
                counter!("cordboard_fallbacks_total", "rung" => rung).increment(1);
            }
            Fact::Intercepted {
                verdict, why, took, ..
            } => {
                let by = if why.is_empty() { "behaviour" } else { "default" };
                let verdict = verdict.to_string();
                counter!("cordboard_interceptions_total", "verdict" => verdict, "by" => by).increment(1);
                histogram!("cordboard_interception_seconds").record(took.as_secs_f64());
            }
            Fact::Refused { .. } => counter!("cordboard_sip_refused_total").increment(1),
            Fact::Registration { .. } => counter!("cordboard_registrations_total").increment(1),
            _ => {}
        }
    }
}
