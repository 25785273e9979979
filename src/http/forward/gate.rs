//! Gates, as they stand in the path that an operator gives to the gateway: as a whole, or named by the id of a stored one. They
//! are read from the path as it was sent: nothing in them needs an escape, and what is escaped is no gate.

use super::dialect::{Dialect, Fault, Original};
use crate::{
    domain::{Capability, GateId, MeshId, OrgId, TopicName, name::Slug},
    service::forward::{Gate, Inline},
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
    let is_followed = dialect.original == Original::Request;
    let (gate, behind) = match rest.strip_prefix("mesh/") {
        Some(inline) => inline_gate(inline, is_followed)?,
        None => stored_gate(rest, is_followed)?,
    };
    // With the slash that stands before it.
    let behind = behind.map(|behind| &path[path.len() - behind.len() - 1..]);
    Ok(Asked { dialect, gate, behind })
}

/// `gate_…`, and for Envoy the path of the request behind it.
fn stored_gate(rest: &str, is_followed: bool) -> Result<(Gate, Option<&str>), Fault> {
    let (id, behind) = rest.split_once('/').map_or((rest, None), |(id, behind)| (id, Some(behind)));
    let id: GateId = id.parse().map_err(|_| {
        Fault::Misconfigured("the path is neither DIALECT/gate_ID nor DIALECT/mesh/ORG/MESH/CAPABILITY[/TOPIC]")
    })?;
    ensure_followed(behind, is_followed, "for Envoy the path of the request follows the gate")?;
    Ok((Gate::Stored(id), behind))
}

fn inline_gate(rest: &str, is_followed: bool) -> Result<(Gate, Option<&str>), Fault> {
    let mut segments = rest.splitn(5, '/');
    let mut next = || segments.next();
    let (Some(org), Some(mesh), Some(capability)) = (next(), next(), next()) else {
        return Err(Fault::Misconfigured("the path is not DIALECT/mesh/ORG/MESH/CAPABILITY[/TOPIC]"));
    };
    let (topic, behind) = (next(), next());
    let topic = match (topic, behind) {
        (Some(NO_TOPIC), Some(_)) => None,
        (topic, _) => topic,
    };
    ensure_followed(behind, is_followed, "for Envoy a topic, or - for none, and then the path of the request follow")?;
    Ok((Gate::Inline(inline(org, mesh, capability, topic)?), behind))
}

/// The path of the request follows where that is how the gateway tells of it, and nowhere else.
fn ensure_followed(behind: Option<&str>, is_followed: bool, lack: &'static str) -> Result<(), Fault> {
    match (behind, is_followed) {
        (None, true) => Err(Fault::Misconfigured(lack)),
        (Some(_), false) => Err(Fault::Misconfigured("there is something behind the gate")),
        _ => Ok(()),
    }
}

fn inline(org: &str, mesh: &str, capability: &str, topic: Option<&str>) -> Result<Inline, Fault> {
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
    Ok(Inline { org: org.to_owned(), mesh: mesh.to_owned(), capability, topic })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inline_at(path: &str) -> Inline {
        match parse(path).unwrap().gate {
            Gate::Inline(inline) => inline,
            Gate::Stored(id) => panic!("{path} is {id}"),
        }
    }

    #[test]
    fn a_stored_gate_is_its_id_and_for_envoy_the_path_follows() {
        let id = GateId::new();
        for dialect in ["nginx", "ingress-nginx", "traefik", "caddy", "haproxy", "apisix", "skipper"] {
            let path = format!("{dialect}/{id}");
            let asked = parse(&path).unwrap();
            assert_eq!((asked.dialect.name, asked.gate, asked.behind), (dialect, Gate::Stored(id), None));
            for more in ["/", "/x", "/mesh/acme/main/send"] {
                assert!(matches!(parse(&format!("{path}{more}")), Err(Fault::Misconfigured(_))), "{path}{more}");
            }
        }
        for behind in ["/", "//", "/a/b?", "/mesh/acme/main/admin/deploys", "/gate_x"] {
            let path = format!("envoy/{id}{behind}");
            let asked = parse(&path).unwrap();
            assert_eq!((asked.gate, asked.behind), (Gate::Stored(id), Some(behind)));
        }
        let text = id.to_string();
        for odd in [
            text.to_uppercase(),
            text.replace("gate", "mesh"),
            format!("{text}0"),
            "gate_".to_owned(),
            format!("%67{}", &text[1..]),
        ] {
            assert!(matches!(parse(&format!("nginx/{odd}")), Err(Fault::Misconfigured(_))), "{odd}");
        }
        assert!(matches!(parse(&format!("envoy/{id}")), Err(Fault::Misconfigured(_))));
    }

    #[test]
    fn a_gate_is_read_as_it_stands() {
        let asked = parse("nginx/mesh/acme/main/send/deploys").unwrap();
        assert_eq!((asked.dialect.name, asked.behind), ("nginx", None));
        let gate = inline_at("nginx/mesh/acme/main/send/deploys");
        assert_eq!((gate.org.as_str(), gate.mesh.as_str(), gate.capability), ("acme", "main", Capability::Send));
        assert_eq!(gate.topic, Some("deploys".parse().unwrap()));
        assert_eq!(inline_at("caddy/mesh/acme/main/read").topic, None);
        let ids = format!("caddy/mesh/{}/{}/read", OrgId::new(), MeshId::new());
        assert!(parse(&ids).is_ok());
    }

    #[test]
    fn for_envoy_the_path_follows() {
        let behind =
            |path| parse(path).map(|asked| (inline_at(path).topic.map(|topic| topic.to_string()), asked.behind));
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
