//! The steps in words, and a run as a story.

use std::fmt;

use crate::{
    state::{Beat, Row, Stage, State},
    steps::Step,
};

/// Declares what can happen, with its words, and lists it.
macro_rules! whats {
    ($($name:ident = $words:expr),+ $(,)?) => {
        /// What can happen. `#` in the words is the number of the key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum What { $($name),+ }

        impl What {
            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];

            const fn words(self) -> &'static str {
                match self { $(Self::$name => $words),+ }
            }
        }
    };
}

whats! {
    Tick = "time passes",
    ReadsFirst = "replica: the first snapshot is read",
    ReadsFirstOfOld = "replica: the first snapshot is read, on the old primary",
    Adopts = "replica: takes that snapshot for applied, and voids what is from before",
    Resets = "replica: begins anew",
    Reconnects = "replica: connects again",
    BeatSent = "beat: sent",
    BeatReads = "beat: the statement takes its snapshot",
    BeatCommits = "beat: committed, the row is written",
    BeatFails = "beat: fails, or its answer is lost",
    BeatGivenUp = "beat: given up; the database goes on with it",
    ZombieCommits = "the beat that was given up is committed",
    ZombieFails = "the beat that was given up ends undone",
    Acknowledged = "beat: taken for acknowledged",
    Applied = "beat: the change of key # is applied",
    Announces = "beat: done; it only announces",
    Trusts = "beat: done; it gives trust",
    TrustsAgain = "beat: done; it gives trust again after a lapse",
    Arrives = "request with key #: arrives and loads the trust",
    Finds = "request with key #: finds it remembered",
    Hits = "request with key #: accepted from memory",
    HitsAtOnce = "request with key #: arrives, and is accepted from memory",
    Misses = "request with key #: has to ask",
    Joins = "another request with key # arrives and waits for that look-up",
    Asks = "look-up of key #: takes its ticket and asks",
    LookUpFails = "look-up of key #: not used",
    FindsAlive = "look-up of key #: read alive",
    FindsDead = "look-up of key #: read dead",
    Uses = "look-up of key #: used",
    Fills = "look-up of key #: remembered",
    FillsVoid = "look-up of key #: remembered with a stamp that is over",
    Begins = "revoker of key #: its transaction begins",
    Commits = "revoker of key #: commits X#",
    CommitsRepetition = "repetition for key #: commits Y#",
    CommitAcknowledged = "revoker of key #: has the acknowledgement, and starts to wait",
    Polls = "revoker of key #: reads the rows",
    AnswersEarly = "revoker of key #: ANSWERS, as every row has it",
    AnswersUnawaited = "revoker of key #: ANSWERS, as there is no row",
    AnswersByClock = "revoker of key #: ANSWERS, as the hold is over",
    AnswersAlreadySo = "repetition for key #: ANSWERS that it is so already",
    RevokerCrashes = "revoker of key #: crashes",
    Reaps = "the row is reaped",
    Leaves = "the replica stops, and takes its row away",
    Restarts = "the replica ends, and another process begins",
    DatabaseCrashes = "the database crashes",
    FailsOver = "a standby becomes the primary",
    PoolMoves = "look-ups go to the new primary",
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what.words().replace('#', &(self.key + 1).to_string()))
    }
}

/// A run, a line for each step with what it left behind.
pub(crate) struct Story(pub(crate) Vec<(Step, State)>);

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (step, state)) in (1..).zip(&self.0) {
            writeln!(f, "{number:>3}. {:<62} {state}", step.to_string())?;
        }
        Ok(())
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let replica = &self.replica;
        write!(f, "| applied {} trust {} announced {}", replica.applied, replica.trust, replica.announced)?;
        if let Beat::Read { snapshot, .. } | Beat::Committed { snapshot, .. } | Beat::Applying { snapshot, .. } =
            replica.beat
        {
            write!(f, ", beat read {snapshot}")?;
        }
        let remembered = (1..).zip(replica.remembers).filter(|(_, is_remembered)| *is_remembered);
        remembered.into_iter().try_for_each(|(key, _)| write!(f, ", REMEMBERS {key}"))?;
        match self.database.row {
            Some(Row { snapshot, .. }) => write!(f, " | row {snapshot}")?,
            None => write!(f, " | no row")?,
        }
        let waits = (1..).zip(self.revokers).filter(|(_, revoker)| revoker.stage == Stage::Waiting);
        waits.into_iter().try_for_each(|(key, revoker)| write!(f, " | revoker {key} waits {}", revoker.waited))
    }
}
