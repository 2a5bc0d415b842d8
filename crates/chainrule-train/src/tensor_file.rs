//! Files of tensors, `.safetensors`: what their headers say is looked at before anything else is read.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::limits::{self, TENSORS_HEADER};
use chainrule::error::{Error, Result};

/// What a `.safetensors` file says before its tensors.
pub(crate) struct TensorsHeader {
    json: Value,
    /// The bytes that the file has by what it says.
    length: u64,
}

impl TensorsHeader {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let no_header = |why: &dyn std::fmt::Display| {
            Error::file(path, format!("is cut short, or no safetensors file: {why}"))
        };
        let (mut file, length) = limits::open(path)?;
        let mut start = [0; 8];
        file.read_exact(&mut start).map_err(|error| no_header(&error))?;
        let told = u64::from_le_bytes(start);
        if told > length.min(TENSORS_HEADER) {
            return Err(no_header(&format!("its header has {told} bytes")));
        }
        let header = limits::bounded(path, file.take(told), TENSORS_HEADER, "")?;
        let json: Value = serde_json::from_slice(&header).map_err(|error| no_header(&error))?;
        let tensors = json.as_object().into_iter().flatten();
        let end = |(_, tensor): (_, &Value)| tensor.get("data_offsets")?.get(1)?.as_u64();
        let end = tensors.filter_map(end).max().unwrap_or(0);
        let length = end.saturating_add(told + start.len() as u64);
        Ok(Self { json, length })
    }

    /// What it tells by such a key beside the tensors.
    pub(crate) fn notes(&self, key: &str) -> Option<String> {
        Some(self.json.get("__metadata__")?.get(key)?.as_str()?.to_owned())
    }
}

/// The bytes of a `.safetensors` file, which is as long as its header says.
pub(crate) fn read_tensors(path: &Path) -> Result<Vec<u8>> {
    let (length, told) = (limits::open(path)?.1, TensorsHeader::read(path)?.length);
    if length != told {
        let message = format!(
            "has {length} bytes, but its header tells of {told}: it is cut short or damaged"
        );
        return Err(Error::file(path, message));
    }
    limits::whole(path, length, "")
}
