//! What a run of the model is about: its size, what can go wrong in it, and which rule of the protocol is left out.

/// What may happen besides beats, requests and revocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The process ends, and another begins.
    Restart,
    /// The replica takes a new snapshot to start from.
    Reset,
    /// A process that revokes ends before it has answered, and the call is repeated.
    RevokerCrash,
    /// A beat that was given up is committed later.
    Zombie,
    /// Replicas start with other bounds than the ones before.
    MixedBounds,
    /// The database crashes, and hands out again the ids of transactions of which nothing was durable.
    DatabaseCrash,
    /// A standby becomes the primary, and the old one is gone.
    Failover,
    /// After a failover the old primary still answers whoever is connected to it, but can commit nothing.
    OldPrimaryReads,
}

/// A rule that is left out, or a natural way to get it wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// Each acknowledgement gives trust, even if none was announced.
    NoAnnouncement,
    /// Trust counts from the reply.
    TrustFromReply,
    /// What was announced counts from the sending, acknowledged or not.
    AnnouncedAtSending,
    /// The data row of the beat is taken for its acknowledgement.
    RowForAcknowledgement,
    /// Trust is renewed before what came with the beat is applied.
    TrustBeforeApply,
    /// The row carries the snapshot that was just read, before it is applied.
    PublishBeforeApply,
    /// The highest id that was seen takes the place of the snapshot.
    Cursor,
    /// The first row carries no snapshot, and what cannot be compared is not open.
    NoFirstSnapshot,
    /// A look-up is remembered and used whatever was applied meanwhile.
    NoTicket,
    /// A remembered key carries no stamp: the ticket is compared, then the key is remembered.
    NoStamp,
    /// What was looked up is remembered without trust, too.
    RememberUntrusted,
    /// A reset voids before it has its snapshot.
    VoidBeforeSnapshot,
    /// A reset voids nothing that is under way.
    ResetKeepsTickets,
    /// A remembered key is found first, and trust is loaded last.
    TrustLoadedLast,
    /// A request joins a look-up that is under way.
    JoinInFlight,
    /// The rows are read before the commit.
    PollBeforeCommit,
    /// The wait counts from before the commit.
    WaitFromBeforeCommit,
    /// A repetition answers at once that it is so.
    RepetitionAtOnce,
    /// Whoever revokes waits for its own bound, whatever the rows say.
    OwnBound,
    /// The row tells a hold that is shorter than the replica trusts for, as it would be without the grace.
    HoldTooShort,
    /// A row is reaped without waiting for its hold.
    ReapAtOnce,
    /// A row is reaped whatever beat it has by now.
    ReapAnyBeat,
    /// A beat that was given up may overwrite a later one.
    NoGuard,
    /// A beat is acknowledged before it is durable.
    BeatNotDurable,
    /// What a reset has read is kept although the connection was lost before a beat made it durable.
    KeepAcrossCrash,
    /// Nobody asks which server a snapshot is of, before it is published or after.
    NoServer,
}

/// When a look-up decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// Whenever the ticket is unchanged.
    Freely,
    /// Only from the server of which the applied snapshot is.
    SameServer,
    /// Only while an acknowledged beat holds.
    WhileAnnounced,
    /// Only as both say.
    WithBeat,
}

/// One run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// How many keys are revoked.
    pub(crate) keys: usize,
    /// The bound, in ticks. A replica trusts for all of it: how far clocks may drift apart is arithmetic, not search.
    pub(crate) bound: u8,
    /// How much longer it goes on by memory.
    pub(crate) grace: u8,
    /// Requests are modelled from their arrival to their decision, not only what look-ups leave behind.
    pub(crate) has_whole_requests: bool,
    pub(crate) asking: Asking,
    troubles: u16,
    mutant: Option<Mutant>,
}

impl Rules {
    /// A run with this many keys in which all this may go wrong.
    pub(crate) fn new(keys: usize, troubles: &[Trouble]) -> Self {
        let troubles = troubles.iter().fold(0, |all, trouble| all | 1 << *trouble as u16);
        Self { keys, bound: 3, grace: 0, has_whole_requests: false, asking: Asking::Freely, troubles, mutant: None }
    }

    pub(crate) const fn bound(self, bound: u8) -> Self {
        Self { bound, ..self }
    }

    pub(crate) const fn grace(self, grace: u8) -> Self {
        Self { grace, ..self }
    }

    pub(crate) const fn whole_requests(self) -> Self {
        Self { has_whole_requests: true, ..self }
    }

    pub(crate) const fn asking(self, asking: Asking) -> Self {
        Self { asking, ..self }
    }

    pub(crate) const fn mutant(self, mutant: Mutant) -> Self {
        Self { mutant: Some(mutant), ..self }
    }

    pub(crate) const fn has(&self, trouble: Trouble) -> bool {
        self.troubles & (1 << trouble as u16) != 0
    }

    pub(crate) fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// The longest bound of any replica.
    pub(crate) const fn longest_bound(&self) -> u8 {
        self.bound + if self.has(Trouble::MixedBounds) { 1 } else { 0 }
    }

    /// The longest hold of any row.
    pub(crate) const fn longest_hold(&self) -> u8 {
        self.longest_bound() + self.grace
    }

    /// Whether it matters in this run what is durable.
    pub(crate) fn tells_durable(&self) -> bool {
        self.has(Trouble::DatabaseCrash) || self.is(Mutant::NoFirstSnapshot)
    }
}
