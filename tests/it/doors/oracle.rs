//! The oracle: what any door is to say, in twenty lines that share nothing with what is tested.

/// A key, as it was issued, and what became of it.
#[derive(Debug, Clone)]
pub struct Key {
    pub mesh: Option<&'static str>,
    pub capabilities: Vec<&'static str>,
    /// All of them where there is none.
    pub topics: &'static [&'static str],
    /// Everywhere where there is none.
    pub addresses: &'static [&'static str],
    pub end: Option<&'static str>,
}

/// What is demanded, by an asker of the whole org.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub mesh: Option<&'static str>,
    pub capability: &'static str,
    pub topic: Option<&'static str>,
}

/// What any door says to it.
pub fn says(key: &Key, wanted: &Wanted, address: Option<&str>) -> &'static str {
    let is_within = key.addresses.is_empty()
        || address.is_some_and(|address| key.addresses.iter().any(|range| range[..3] == address[..3]));
    let reaches = |topic: &str| {
        key.topics.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => topic.len() > start.len() && topic.starts_with(start),
            None => *pattern == topic,
        })
    };
    match key.end {
        Some("revoke") => "revoked",
        Some("expire") => "expired",
        Some("disable") => "disabled",
        _ if !is_within => "ip_not_allowed",
        _ if key.mesh.is_some() && key.mesh != wanted.mesh => "wrong_mesh",
        _ if !key.capabilities.contains(&"admin") && !key.capabilities.contains(&wanted.capability) => {
            "capability_missing"
        }
        _ if !key.topics.is_empty() && !wanted.topic.is_some_and(reaches) => "topic_out_of_scope",
        _ => "ok",
    }
}
