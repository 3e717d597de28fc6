//! `GET /companies/scroll`: all companies, one page after the other, for one caller at a time.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::error::ApiError;
use crate::render::people;
use crate::state::app::Permission::ReadListUsersAndCompanies;
use crate::state::scroll::Scroll;

/// Companies on a page; Intercom does not say how many.
const PAGE: usize = 100;

/// Opens a scroll, or goes on with the one whose parameter is given. The empty page at the end closes it.
pub(super) fn companies(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadListUsersAndCompanies])?;
    let app = &call.app.client_id;
    let open = call
        .workspace
        .scrolls
        .remove(app)
        .filter(|scroll| !scroll.expired(call.now));
    let mut scroll = match (call.incoming.query.get("scroll_param"), open) {
        (None, None) => Scroll {
            param: call.incoming.request_id.clone(),
            after: None,
            used_at: call.now,
        },
        (None, Some(open)) => {
            call.workspace.scrolls.insert(app.clone(), open);
            return Err(ApiError::new(
                400,
                "scroll_exists",
                "scroll already exists for this workspace",
            ));
        }
        (Some(param), Some(open)) if *param == open.param => open,
        (Some(_), other) => {
            if let Some(other) = other {
                call.workspace.scrolls.insert(app.clone(), other);
            }
            return Err(ApiError::new(
                404,
                "not_found",
                "scroll parameter not found",
            ));
        }
    };
    let page: Vec<_> = call
        .workspace
        .companies
        .by_id(scroll.after.as_deref())
        .take(PAGE)
        .map(|(_, company)| company)
        .collect();
    let data: Vec<Value> = page
        .iter()
        .map(|company| people::company(call.workspace, company, call.shape()))
        .collect();
    let last = page.last().map(|company| company.id.clone());
    let param = scroll.param.clone();
    if let Some(last) = last {
        scroll.after = Some(last);
        scroll.used_at = call.now;
        call.workspace.scrolls.insert(app.clone(), scroll);
    }
    Ok(json!({
        "type": "list",
        "data": data,
        "pages": null,
        "total_count": null,
        "scroll_param": param,
    }))
}
