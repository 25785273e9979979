//! Did you mean: the nearest known name for one that is not known.

/// No name of ours is longer.
const LONGEST: usize = 64;

/// The known name nearest to `wrong`, if one is near enough to be meant.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = wrong.chars().count();
    let far = |name: &str| (name.chars().count() / 3).max(1);
    // What differs in length by more cannot be near: most names cost a subtraction.
    let may_be_near = |name: &&str| length <= LONGEST && name.chars().count().abs_diff(length) <= far(name);
    known
        .into_iter()
        .filter(may_be_near)
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, name)| *distance <= far(name))
        .min()
        .map(|(_, name)| name)
}

/// ` (did you mean 'x'?)`, or nothing: to be put behind the name that is not known.
pub fn hint<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(wrong, known).map_or_else(String::new, |name| format!(" (did you mean '{name}'?)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["send", "read", "state_write", "admin", "verify"];
        assert_eq!(nearest("snd", known), Some("send"));
        assert_eq!(nearest("statewrite", known), Some("state_write"));
        assert_eq!(nearest("raed", known), Some("read"));
        assert_eq!(nearest("publish", known), None);
        assert_eq!(hint("amdin", known), " (did you mean 'admin'?)");
        assert_eq!(hint("publish", known), "");
    }
}
