//! The keys that clients hold, and how each of them comes about.

use serde_json::{Value, json};

use super::{load::Load, replica::try_tell};
use crate::{contract::scene::fresh, tools::id};

/// How a key is ended: every key by one of these, and by no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Revoke,
    Disable,
    /// It no longer reads.
    Narrow,
    /// Its secret is replaced at once.
    Rotate,
    /// The overlap of its secrets is ended.
    Finish,
    /// Its mesh is archived.
    Archive,
    /// Its org is suspended, on the host.
    Suspend,
}

impl Way {
    /// Those over HTTP.
    pub const ASKED: [Self; 6] = [Self::Revoke, Self::Disable, Self::Narrow, Self::Rotate, Self::Finish, Self::Archive];
}

/// Where a key lives, and who may end it.
#[derive(Clone)]
pub struct Ground {
    pub org: String,
    pub mesh: String,
    /// The secret of the org's first key.
    pub admin: String,
}

/// A key, and what its clients know of it.
pub struct Held {
    pub number: usize,
    pub id: String,
    pub secret: String,
    pub way: Way,
    pub ground: Ground,
}

impl Load<'_> {
    /// Makes a key that will be ended in that way.
    pub async fn make(&self, way: Way) -> Held {
        let ground = match way {
            Way::Archive => self.mesh(self.doors.ground()).await,
            Way::Suspend => self.org().await,
            _ => self.doors.ground(),
        };
        let mut wish = json!({ "label": "x", "capabilities": ["send", "read"], "topics": "all" });
        if way == Way::Archive {
            wish["mesh"] = json!(ground.mesh);
        }
        let key = self.insist(&ground, "POST", "/keys", &wish, &[201]).await;
        if way == Way::Finish {
            let overlap = json!({ "overlap": "1h" });
            let path = format!("/keys/{}/rotate", id(&key));
            self.insist(&ground, "POST", &path, &overlap, &[200]).await;
        }
        let secret = key["secret"].as_str().unwrap().to_owned();
        Held { number: self.number(), id: id(&key), secret, way, ground }
    }

    /// A mesh of its own.
    async fn mesh(&self, ground: Ground) -> Ground {
        let mesh = fresh("mesh");
        // It is there, too, where an attempt without an answer has made it.
        self.insist(&ground, "POST", "/meshes", &json!({ "slug": mesh }), &[201, 409]).await;
        Ground { mesh, ..ground }
    }

    /// An org of its own, with a mesh.
    async fn org(&self) -> Ground {
        loop {
            let slug = fresh("org");
            let made = try_tell(&["org", "create", &slug, "--json"], self.doors.host()).await;
            if let Some(made) = made.filter(|made| made.status.success()) {
                let made: Value = serde_json::from_slice(&made.stdout).unwrap();
                let admin = made["key"]["secret"].as_str().unwrap().to_owned();
                return self.mesh(Ground { org: slug, mesh: String::new(), admin }).await;
            }
        }
    }
}
