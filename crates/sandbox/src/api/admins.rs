//! `/me` and `/admins`.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::error::ApiError;
use crate::render;
use crate::state::app::Permission::{ReadAdmins, ReadSingleAdmin};

pub(super) fn me(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadSingleAdmin, ReadAdmins])?;
    let workspace = &*call.workspace;
    let owner = match call.admin {
        Some(id) => workspace.admin(id),
        None => workspace.admins.first(),
    };
    let admin = owner.ok_or_else(ApiError::unauthorized)?;
    Ok(json!({
        "type": "admin",
        "id": admin.id,
        "email": admin.email,
        "name": admin.name,
        "email_verified": true,
        "app": {
            "type": "app",
            "id_code": workspace.app_id,
            "name": workspace.name,
            "created_at": workspace.created_at,
            "secure": false,
            "identity_verification": false,
            "timezone": workspace.timezone,
            "region": workspace.region,
        },
        "avatar": {"type": "avatar", "image_url": null},
        "has_inbox_seat": true,
    }))
}

pub(super) fn list(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadAdmins])?;
    let admins: Vec<Value> = call.workspace.admins.iter().map(render::admin).collect();
    Ok(json!({"type": "admin.list", "admins": admins}))
}

pub(super) fn one(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadAdmins])?;
    let admin = call
        .workspace
        .admin(id)
        .ok_or_else(|| ApiError::new(404, "admin_not_found", "Admin not found"))?;
    let mut value = render::admin(admin);
    value["away_status_reason_id"] = Value::Null;
    Ok(value)
}
