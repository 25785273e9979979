//! Which mesh was perhaps meant, where `--mesh` names none that is there.

use serde_json::Value;

use super::{answer::Answer, ask::Ask, connection::Client, find::read, flags::Form, print::text};
use crate::domain::suggest;

impl Client {
    /// What to say behind a refusal for which a slip in the mesh's name may be why. Silence where it is none, or cannot be told.
    pub(super) async fn mesh_meant(&self, refusal: &Answer) -> Option<String> {
        let is_for_people = !matches!(self.flags.form(), Form::Json | Form::Jsonl);
        let named = self.flags.named_mesh().filter(|_| is_for_people && [404, 422].contains(&refusal.status))?;
        let org = self.org_known()?;
        let list = Ask::get(&["v1", "orgs", &org, "meshes"]).query("limit", Some("200"));
        let listed = self.raw(&list).await.ok().filter(|listed| !listed.is_problem())?;
        let meshes = read(&listed.page().ok()?.items).ok()?;
        if meshes.iter().any(|mesh| [&mesh["slug"], &mesh["id"]].contains(&&Value::from(named.as_str()))) {
            return None;
        }
        let slugs: Vec<String> = meshes.iter().map(|mesh| text(mesh, "slug")).collect();
        let meant = suggest::nearest(&named, slugs.iter().map(String::as_str))?;
        Some(format!("there is no mesh '{named}' that you may see: did you mean '{meant}'?"))
    }
}
