//! What the model remembers between two steps. Times are relative, in ticks, and never grow beyond what a comparison can
//! tell apart, so that the states are finite and the runs are not.

use std::fmt;

/// How many revocations there are at most, of one key each.
pub(crate) const KEYS: usize = 2;

/// A set of transactions: the revocation X of each key, and Y, with which a repetition of it waits. What a snapshot sees is
/// such a set, too.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) struct Set(pub(crate) u8);

impl Set {
    /// Every transaction there could be.
    pub(crate) const ALL: Self = Self(0b1111);

    /// The revocation of a key, or the repetition of it.
    pub(crate) const fn of(key: usize, repeats: bool) -> Self {
        Self(1 << (key + if repeats { KEYS } else { 0 }))
    }

    /// All that concerns a key.
    pub(crate) const fn about(key: usize) -> Self {
        Self(Self::of(key, false).0 | Self::of(key, true).0)
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ["X1", "X2", "Y1", "Y2"];
        let inside = names.iter().enumerate().filter(|(bit, _)| self.0 & (1 << bit) != 0);
        write!(f, "{{{}}}", inside.map(|(_, name)| *name).collect::<Vec<_>>().join(" "))
    }
}

/// The database, the replica, one request to it, and who revokes each key.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) database: Database,
    pub(crate) replica: Replica,
    pub(crate) request: Request,
    pub(crate) revokers: [Revoker; KEYS],
    /// A request that arrived after the answer to a revocation was accepted with that key.
    pub(crate) is_broken: bool,
}

#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) struct Database {
    pub(crate) committed: Set,
    /// The replica's row. That of a process which is gone is left out: another row can only make an answer wait.
    pub(crate) row: Option<Row>,
    /// After a failover: what was committed then, which is all that the old primary knows.
    pub(crate) frozen: Option<Set>,
}

/// One of the two servers there can be.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) enum Server {
    /// The primary of this moment.
    #[default]
    Primary,
    /// The one that was the primary before.
    Old,
}

/// A row of `replicas`.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) snapshot: Set,
    pub(crate) hold: u8,
    /// For how long it has shown the same beat. Somebody has seen it from the first moment: who sees it later reaps it later.
    pub(crate) stands: u8,
    /// Its beat has a higher number than the one that was given up and still is under way.
    pub(crate) is_younger: bool,
    /// The server of which its snapshot is.
    pub(crate) server: Server,
}

#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) struct Replica {
    pub(crate) bound: u8,
    pub(crate) applied: Set,
    /// The server of which `applied` is.
    pub(crate) server: Server,
    /// Whether `applied` was read by a beat that was acknowledged, and so cannot be read differently after a crash.
    pub(crate) is_durable: bool,
    /// The connection of the beats was lost.
    pub(crate) is_cut: bool,
    /// The server that answers its look-ups.
    pub(crate) asks: Server,
    /// Ticks until trust is over.
    pub(crate) trust: u8,
    /// Ticks until the trust is over which an acknowledged beat has announced.
    pub(crate) announced: u8,
    /// Keys that are remembered with a stamp that is current. A stamp that is not current is never so again.
    pub(crate) remembers: [bool; KEYS],
    pub(crate) reset: Reset,
    pub(crate) beat: Beat,
    /// A beat that the replica has given up and the database goes on with: what it will publish.
    pub(crate) zombie: Option<Set>,
}

/// Where a replica stands that takes a new snapshot to start from.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) enum Reset {
    #[default]
    Asking,
    Holding {
        snapshot: Set,
        server: Server,
    },
    Done,
}

/// Where a beat stands. `age` is the time since it was sent.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) enum Beat {
    #[default]
    Idle,
    Sent {
        age: u8,
    },
    /// The statement has its snapshot, and is not committed.
    Read {
        age: u8,
        snapshot: Set,
    },
    Committed {
        age: u8,
        snapshot: Set,
    },
    /// The replica has the acknowledgement, and makes each row that it came with count.
    Applying {
        age: u8,
        snapshot: Set,
        rows: Set,
        trusts: bool,
    },
}

/// One request, from its arrival to its decision, and what the look-up that it needed leaves behind.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) key: usize,
    /// It arrived after the answer to the revocation of its key.
    pub(crate) is_late: bool,
    pub(crate) at: At,
}

#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) enum At {
    #[default]
    Nowhere,
    /// It has loaded the trust: what is left of it.
    Loaded { trust: u8 },
    /// It has found a remembered key.
    Hit { trust: u8 },
    /// It has to ask, and waits for its turn.
    Miss,
    /// It has its ticket, and has asked. `same`: nothing about its key was applied since.
    Asked { same: bool },
    /// The database has found the key alive.
    Alive { same: bool, from: Server },
    /// Its look-up is about to be remembered.
    Remembering { same: bool },
}

/// Who revokes a key: one call, or after its crash the one that repeats it.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) struct Revoker {
    pub(crate) stage: Stage,
    pub(crate) repeats: bool,
    /// Time since the acknowledged commit.
    pub(crate) waited: u8,
    /// The longest hold among the rows that its last poll found open; 0 before it has polled.
    pub(crate) hold: u8,
}

#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(crate) enum Stage {
    #[default]
    Idle,
    /// The transaction is under way.
    Begun,
    Committed,
    Waiting,
    Crashed,
    Answered,
}

impl Revoker {
    pub(crate) const fn transaction(self, key: usize) -> Set {
        Set::of(key, self.repeats)
    }

    pub(crate) fn has_answered(self) -> bool {
        self.stage == Stage::Answered
    }
}
