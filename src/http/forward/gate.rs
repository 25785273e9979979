//! Gates, as they stand in the path that an operator gives to the gateway. They are read from the path as it was sent: nothing
//! in them needs an escape, and what is escaped is no gate.

use super::dialect::{Dialect, Fault, Original};
use crate::{
    domain::{Capability, MeshId, OrgId, TopicName, name::Slug},
    service::forward::Gate,
};

/// What a gateway asks.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Who asks.
    pub dialect: &'static Dialect,
    /// What is demanded.
    pub gate: Gate,
    /// The path of the original request, where the gateway puts it behind ours.
    pub behind: Option<&'a str>,
}

/// Stands for no topic, where something follows.
const NO_TOPIC: &str = "-";

/// Reads what stands behind `/v1/forward-auth/`.
pub fn parse(path: &str) -> Result<Asked<'_>, Fault> {
    let (name, rest) = path.split_once('/').unwrap_or((path, ""));
    let dialect = Dialect::named(name).ok_or(Fault::Misconfigured("the dialect is none that is known"))?;
    let mut segments = rest.splitn(6, '/');
    let mut next = || segments.next();
    let ("mesh", Some(org), Some(mesh), Some(capability)) = (next().unwrap_or_default(), next(), next(), next()) else {
        return Err(Fault::Misconfigured("the path is not DIALECT/mesh/ORG/MESH/CAPABILITY[/TOPIC]"));
    };
    let (topic, behind) = (next(), next());
    let topic = match (topic, behind) {
        (Some(NO_TOPIC), Some(_)) => None,
        (topic, _) => topic,
    };
    let is_followed = dialect.original == Original::Request;
    if behind.is_some() != is_followed {
        return Err(Fault::Misconfigured(if is_followed {
            "for Envoy a topic, or - for none, and then the path of the request follow"
        } else {
            "there is something behind the topic"
        }));
    }
    let gate = gate(org, mesh, capability, topic)?;
    // With the slash that stands before it.
    let behind = behind.map(|behind| &path[path.len() - behind.len() - 1..]);
    Ok(Asked { dialect, gate, behind })
}

fn gate(org: &str, mesh: &str, capability: &str, topic: Option<&str>) -> Result<Gate, Fault> {
    if org.parse::<Slug>().is_err() && org.parse::<OrgId>().is_err() {
        return Err(Fault::Misconfigured("the org is neither a slug nor an id"));
    }
    if mesh.parse::<Slug>().is_err() && mesh.parse::<MeshId>().is_err() {
        return Err(Fault::Misconfigured("the mesh is neither a slug nor an id"));
    }
    let capability =
        capability.parse::<Capability>().map_err(|_| Fault::Misconfigured("the capability cannot be one"))?;
    let topic = topic.map(str::parse::<TopicName>).transpose();
    let topic = topic.map_err(|_| Fault::Misconfigured("the topic cannot be one"))?;
    Ok(Gate { org: org.to_owned(), mesh: mesh.to_owned(), capability, topic })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_read_as_it_stands() {
        let asked = parse("nginx/mesh/acme/main/send/deploys").unwrap();
        assert_eq!((asked.dialect.name, asked.behind), ("nginx", None));
        let gate = asked.gate;
        assert_eq!((gate.org.as_str(), gate.mesh.as_str(), gate.capability), ("acme", "main", Capability::Send));
        assert_eq!(gate.topic, Some("deploys".parse().unwrap()));
        assert_eq!(parse("caddy/mesh/acme/main/read").unwrap().gate.topic, None);
        let ids = format!("caddy/mesh/{}/{}/read", OrgId::new(), MeshId::new());
        assert!(parse(&ids).is_ok());
    }

    #[test]
    fn for_envoy_the_path_follows() {
        let behind = |path| parse(path).map(|asked| (asked.gate.topic.map(|topic| topic.to_string()), asked.behind));
        assert_eq!(behind("envoy/mesh/acme/main/send/-/"), Ok((None, Some("/"))));
        assert_eq!(behind("envoy/mesh/acme/main/send/-/a/b//c"), Ok((None, Some("/a/b//c"))));
        assert_eq!(behind("envoy/mesh/acme/main/send/deploys/a"), Ok((Some("deploys".to_owned()), Some("/a"))));
        assert_eq!(behind("envoy/mesh/acme/main/send/deploys//"), Ok((Some("deploys".to_owned()), Some("//"))));
    }

    #[test]
    fn what_is_no_gate_is_told_as_a_mistake_of_the_gateway() {
        for path in [
            "",
            "/",
            "nginx",
            "nginx/",
            "nginx/mesh",
            "nginx/mesh/acme",
            "nginx/mesh/acme/main",
            "nginx/mesh/acme/main/",
            "apache/mesh/acme/main/send",
            "Nginx/mesh/acme/main/send",
            "nginx/org/acme/main/send",
            "/mesh/acme/main/send",
            "nginx/mesh//main/send",
            "nginx/mesh/acme//send",
            "nginx/mesh/acme/main//deploys",
            "nginx/mesh/acme/main/send/",
            "nginx/mesh/acme/main/send/-",
            "nginx/mesh/acme/main/send/deploys/",
            "nginx/mesh/acme/main/send/deploys/x",
            "nginx/mesh/Acme/main/send",
            "nginx/mesh/acme/ma_in/send",
            "nginx/mesh/acme/main/Send",
            "nginx/mesh/acme/main/s",
            "nginx/mesh/acme/main/send/Deploys",
            "nginx/mesh/acme/main/send/ci.*",
            "nginx/mesh/acme/main/%73end",
            "envoy/mesh/acme/main/send",
            "envoy/mesh/acme/main/send/deploys",
            "envoy/mesh/acme/main/send/-",
            "envoy/mesh/acme/main/send//a",
        ] {
            assert!(matches!(parse(path), Err(Fault::Misconfigured(_))), "{path}");
        }
    }
}
