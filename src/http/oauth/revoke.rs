//! `/v1/revoke`: the verb that revokes a key, in the words of RFC 7009.

use actix_web::{HttpResponse, web::Data};

use super::{Client, Form};
use crate::{
    http::{Input, Problem, guard::AnyKey},
    service::{Admitted, House, revoke::revoke_by_secret},
};

/// Revokes the key that a token is.
pub async fn revoke(house: Data<House>, client: Client<AnyKey, Input<Form>>) -> Result<HttpResponse, Problem> {
    let Client { proof, input, scheme, .. } = client;
    answer(&house, &proof, &input.body).await.map_err(|problem| problem.to_client(scheme))
}

async fn answer(house: &House, by: &Admitted, form: &Form) -> Result<HttpResponse, Problem> {
    revoke_by_secret(house, by, form.token()?.parse().ok()).await?;
    Ok(HttpResponse::Ok().finish())
}
