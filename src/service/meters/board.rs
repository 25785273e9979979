//! What is told of the counts: names, words, and what is read only when somebody asks.

use prometheus_client::registry::{Registry, Unit};

use super::{Meters, Tick, boot};
#[cfg(feature = "server")]
use crate::service::{House, fresh::Basis};

impl Meters {
    /// Registers all of it, below a registry whose prefix is our name.
    pub fn register(&self, registry: &mut Registry) {
        self.register_decisions(registry);
        self.register_freshness(registry);
        self.register_revocations(registry);
        self.register_uses(registry);
        let (connections, waiting) = (self.pool_connections.family.clone(), self.pool_waiting.family.clone());
        registry.register("pool_connections", "Connections to the database, by pool and state", connections);
        registry.register("pool_waiting", "Requests that wait for a connection of that pool", waiting);
        self.register_streams(registry);
    }

    fn register_decisions(&self, to: &mut Registry) {
        let [guard, verify, introspect, forward_auth] = &self.denials;
        to.register("decisions", "Decisions over keys, by door and outcome", self.decisions.family.clone());
        to.register("lookups", "Holders of secrets that were found out, by where", self.lookups.family.clone());
        to.register("remembered_keys", "Secrets whose holder is remembered", self.remembered.clone());
        to.register("guard_denials", "Requests whose key was refused by our own routes", guard.family.clone());
        to.register("verify_denials", "Questions that were answered with no", verify.family.clone());
        let introspected = "Questions that were answered with no, in the words of RFC 7662";
        to.register("introspect_denials", introspected, introspect.family.clone());
        let gateways = "Requests that a gateway asked about and was told to stop";
        to.register("forward_auth_denials", gateways, forward_auth.family.clone());
        let misconfigured = "Questions of gateways that made no sense";
        to.register("forward_auth_misconfigured", misconfigured, self.misconfigured_gates.clone());
        let mails = "Tries to hand a mail to the mail server, by outcome";
        to.register("mails", mails, self.mails.family.clone());
        to.register("failed_auth", "Requests with a key that nobody holds", self.failed_auth.clone());
        let throttled = "Those of them that came from an address with too many";
        to.register("failed_auth_throttled", throttled, self.failed_auth_throttled.clone());
        to.register("sign_ins", "Tries at signing in, by how they ended", self.sign_ins.family.clone());
        to.register(
            "answers_in_grace",
            "Questions answered from memory without the database",
            self.answers_in_grace.clone(),
        );
    }

    fn register_uses(&self, to: &mut Registry) {
        to.register(
            "uses_written",
            "Decisions that were written down as uses of their keys",
            self.uses_written.clone(),
        );
        to.register("uses_dropped", "Decisions that were not, because there was no room", self.uses_dropped.clone());
        to.register("uses_failures", "Times that uses could not be written", self.use_failures.clone());
        let unused = "Keys that were disabled because they were not used for as long as their policy says";
        to.register("keys_disabled_unused", unused, self.disabled_unused.clone());
        let ends = "Keys that are not revoked and end within that time, in the whole installation";
        to.register("keys_expiring", ends, self.expiring.family.clone());
    }

    fn register_streams(&self, to: &mut Registry) {
        to.register("streams", "Streams that are open", self.streams.clone());
        to.register("stream_messages", "Messages that were handed to who listens", self.stream_messages.clone());
        let behind = "Times that somebody who listens was too slow, and went on from the log";
        to.register("streams_behind", behind, self.streams_behind.clone());
    }

    fn register_freshness(&self, to: &mut Registry) {
        let age = "Time since the last acknowledged beat was sent";
        to.register("trusted", "Whether decisions are made from memory now", self.trusted.clone());
        to.register("beats", "Beats that were acknowledged, and that failed", self.beats.family.clone());
        to.register_with_unit("beat_age", age, Unit::Seconds, self.beat_age.clone());
        to.register("lapses", "Times that trust ended before a beat gave it again", self.lapses.clone());
        to.register("resets", "Times that all that was remembered was forgotten", self.resets.family.clone());
        to.register("changes_applied", "Changes that other replicas or this one made, applied", self.changes.clone());
    }

    fn register_revocations(&self, to: &mut Registry) {
        let time = "Time from the commit of what takes something away until it held everywhere";
        let unconfirmed = "Changes of which it could not be told whether they hold everywhere";
        to.register_with_unit("revocation_effect", time, Unit::Seconds, self.effects.clone());
        let acknowledged = "Replicas that said in time that they know of such a change";
        to.register("revocation_acknowledgements", acknowledged, self.acknowledgements.clone());
        let lapsed = "Replicas that did not, and were waited for until they trusted nothing";
        to.register("revocation_lapsed_replicas", lapsed, self.lapsed_replicas.clone());
        to.register("revocations_unconfirmed", unconfirmed, self.unconfirmed.clone());
        to.register("replicas", "Replicas that the last look has seen", self.replicas.clone());
        to.register("replicas_reaped", "Rows of dead replicas that this one has taken away", self.reaped.clone());
    }

    /// Seconds since the last acknowledged beat was sent, or the beats began; no number before that.
    fn beat_age(&self) -> f64 {
        match Tick::from_nanos(self.last_beat.load(std::sync::atomic::Ordering::Relaxed)) {
            Tick::NEVER => f64::NAN,
            last => boot().since(last).as_secs_f64(),
        }
    }
}

#[cfg(feature = "server")]
impl House {
    /// Reads what is not counted as it happens.
    pub fn read_meters(&self) {
        let (meters, memory) = (&self.meters, &self.fresh.memory);
        memory.tell_of_lapse();
        meters.remembered.set(whole(memory.len()));
        meters.trusted.set(i64::from(memory.basis() == Basis::Memory));
        meters.beat_age.set(meters.beat_age());
        meters.streams.set(whole(self.live.listening()));
        for (number, used) in self.store.used().into_iter().enumerate() {
            meters.pool_connections.at(2 * number).set(whole(used.in_use));
            meters.pool_connections.at(2 * number + 1).set(whole(used.idle));
            meters.pool_waiting.at(number).set(whole(used.waiting));
        }
    }
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
