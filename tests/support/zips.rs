//! Zips made byte by byte, so that they can say what no honest program would write.
#![allow(dead_code)]

use flate2::{Compression, write::DeflateEncoder};
use std::io::Write;

/// One entry, as the zip describes it.
#[derive(Clone)]
pub struct Entry {
    pub name: Vec<u8>,
    /// What is stored; packed already where `method` says so.
    pub data: Vec<u8>,
    /// 0 stored, 8 deflated.
    pub method: u16,
    pub flags: u16,
    /// The Unix mode, as in `0o100644`.
    pub mode: u32,
    pub crc: u32,
    /// The size that it claims to have when unpacked.
    pub size: u32,
}

impl Entry {
    pub fn file(name: &str, content: &[u8]) -> Entry {
        Entry::named(name.as_bytes(), content)
    }

    pub fn named(name: &[u8], content: &[u8]) -> Entry {
        Entry {
            name: name.to_vec(),
            data: content.to_vec(),
            method: 0,
            flags: 0,
            mode: 0o100_644,
            crc: crc(content),
            size: u32::try_from(content.len()).unwrap(),
        }
    }

    pub fn deflated(name: &str, content: &[u8]) -> Entry {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        Entry { data: encoder.finish().unwrap(), method: 8, ..Entry::file(name, content) }
    }
}

fn crc(content: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(content);
    sum.sum()
}

/// The bytes of a zip of these entries.
pub fn zip(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut list = Vec::new();
    for entry in entries {
        let start = u32::try_from(bytes.len()).unwrap();
        let common = |out: &mut Vec<u8>| {
            out.extend(entry.flags.to_le_bytes());
            out.extend(entry.method.to_le_bytes());
            out.extend([0, 0, 0x21, 0]);
            out.extend(entry.crc.to_le_bytes());
            out.extend(u32::try_from(entry.data.len()).unwrap().to_le_bytes());
            out.extend(entry.size.to_le_bytes());
            out.extend(u16::try_from(entry.name.len()).unwrap().to_le_bytes());
            out.extend([0, 0]);
        };
        bytes.extend(b"PK\x03\x04\x14\x00");
        common(&mut bytes);
        bytes.extend(&entry.name);
        bytes.extend(&entry.data);
        // Made by Unix, so that the mode counts.
        list.extend(b"PK\x01\x02\x14\x03\x14\x00");
        common(&mut list);
        list.extend([0, 0, 0, 0, 0, 0]);
        list.extend((entry.mode << 16).to_le_bytes());
        list.extend(start.to_le_bytes());
        list.extend(&entry.name);
    }
    let start = u32::try_from(bytes.len()).unwrap();
    let length = u32::try_from(list.len()).unwrap();
    let count = u16::try_from(entries.len()).unwrap();
    bytes.extend(list);
    bytes.extend(b"PK\x05\x06\x00\x00\x00\x00");
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}
