//! Forms with files.

use reqwest::multipart::{Form, Part};

use crate::Error;

/// A file of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePart {
    /// The field it is sent as.
    pub field: String,
    /// Its name.
    pub file_name: String,
    /// Its media type.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

pub(crate) fn multipart(
    fields: Vec<(String, String)>,
    files: Vec<FilePart>,
) -> Result<Form, Error> {
    let form = fields
        .into_iter()
        .fold(Form::new(), |form, (name, value)| form.text(name, value));
    files.into_iter().try_fold(form, |form, file| {
        let part = Part::bytes(file.bytes).file_name(file.file_name);
        let part = part
            .mime_str(&file.content_type)
            .map_err(|_| Error::refused("The media type of a file must be like image/png."))?;
        Ok(form.part(file.field, part))
    })
}
