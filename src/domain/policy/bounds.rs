//! What a rule may say at all.

use super::{Issuers, Policy, Rule, Span};

const A_MINUTE: Span = Span::seconds(60);
const A_DAY: Span = Span::days(1);
const A_WEEK: Span = Span::days(7);
const TEN_YEARS: Span = Span::days(3650);

/// A rule says what it cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfBounds {
    /// Which rule.
    pub rule: Rule,
    /// What it can say.
    pub detail: &'static str,
}

impl Policy {
    /// Refuses what makes no sense: also in the schema.
    pub fn ensure_within_bounds(&self) -> Result<(), OutOfBounds> {
        let is_within = |span: Option<Span>, least: Span, most: Span| span.is_none_or(|it| it >= least && it <= most);
        let life = "a life lasts from 1m to 3650d, such as \"90d\"";
        let rules = [
            (Rule::LongestLife, is_within(self.longest_life, A_MINUTE, TEN_YEARS), life),
            (Rule::DefaultLife, is_within(self.default_life, A_MINUTE, TEN_YEARS), life),
            (
                Rule::LongestOverlap,
                is_within(self.longest_overlap, Span::seconds(0), A_WEEK),
                "an overlap lasts from 0s to 7d, such as \"24h\"",
            ),
            (
                Rule::DisableUnusedAfter,
                is_within(self.disable_unused_after, A_DAY, TEN_YEARS),
                "a key may be unused for from 1d to 3650d, such as \"90d\"",
            ),
            (
                Rule::AdminKeysBy,
                self.admin_keys_by != Issuers::Nobody,
                "somebody has to be able to hand out keys with 'admin': anyone, people or owners",
            ),
        ];
        let wrong = rules.into_iter().find(|(_, is_legal, _)| !is_legal);
        wrong.map_or(Ok(()), |(rule, _, detail)| Err(OutOfBounds { rule, detail }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused() {
        let day = Some(Span::days(1));
        assert_eq!(Policy::default().ensure_within_bounds(), Ok(()));
        let bad = [
            (Rule::LongestLife, Policy { longest_life: Some(Span::seconds(59)), ..Policy::default() }),
            (Rule::DefaultLife, Policy { default_life: Some(Span::days(3651)), ..Policy::default() }),
            (Rule::LongestOverlap, Policy { longest_overlap: Some(Span::days(8)), ..Policy::default() }),
            (Rule::DisableUnusedAfter, Policy { disable_unused_after: Some(Span::seconds(3600)), ..Policy::default() }),
            (Rule::AdminKeysBy, Policy { admin_keys_by: Issuers::Nobody, ..Policy::default() }),
        ];
        for (rule, policy) in bad {
            assert_eq!(policy.ensure_within_bounds().unwrap_err().rule, rule);
        }
        let good = Policy {
            longest_life: day,
            default_life: day,
            longest_overlap: Some(Span::seconds(0)),
            disable_unused_after: day,
            org_keys_by: Issuers::Nobody,
            ..Policy::default()
        };
        assert_eq!(good.ensure_within_bounds(), Ok(()));
    }
}
