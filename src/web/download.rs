//! Sending a file piece by piece, or the part of it that a browser still lacks (RFC 9110, section 14).

use crate::usecases::exports::Download;
use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    body::SizedStream,
    http::{StatusCode, header},
};
use std::{fmt::Write, io::SeekFrom};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

/// Whether a request asks for a file from its first byte on, and not for more of one that was begun.
pub fn is_beginning(request: &HttpRequest) -> bool {
    let range = header_text(request, &header::RANGE);
    range.is_none_or(|range| range.starts_with("bytes=0-"))
}

fn header_text<'a>(request: &'a HttpRequest, name: &header::HeaderName) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// What part of a file is to be sent.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// From the first to the last byte, both included.
    Range(u64, u64),
    /// There is no such part.
    Beyond,
}

/// Reads a `Range` of one part; anything else asks for the whole.
fn part(range: Option<&str>, size: u64) -> Part {
    let Some((from, to)) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) else {
        return Part::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match (number(from), number(to)) {
        (Some(from), _) if from >= size => Part::Beyond,
        (Some(from), Some(to)) if to < from => Part::Whole,
        (Some(from), Some(to)) => Part::Range(from, to.min(size - 1)),
        (Some(from), None) if to.trim().is_empty() => Part::Range(from, size - 1),
        (None, Some(0)) if from.trim().is_empty() => Part::Beyond,
        (None, Some(last)) if from.trim().is_empty() && size > 0 => {
            Part::Range(size.saturating_sub(last), size - 1)
        }
        _ => Part::Whole,
    }
}

/// Answers with a file.
pub fn send(request: &HttpRequest, download: Download) -> HttpResponse {
    let Download { file, bytes, name, plain_name, tag } = download;
    let tag = format!("\"{tag}\"");
    // A part of another file than the one that was begun would spoil both.
    let is_same = header_text(request, &header::IF_RANGE).is_none_or(|known| known == tag);
    let range = header_text(request, &header::RANGE).filter(|_| is_same);
    let with_names = |answer: &mut HttpResponseBuilder| {
        answer
            .content_type("application/zip")
            .insert_header((header::ACCEPT_RANGES, "bytes"))
            .insert_header((header::ETAG, tag.clone()))
            .insert_header((header::CONTENT_DISPOSITION, disposition(&plain_name, &name)));
    };
    let (status, from, length) = match part(range, bytes) {
        Part::Whole => (StatusCode::OK, 0, bytes),
        Part::Range(from, to) => (StatusCode::PARTIAL_CONTENT, from, to - from + 1),
        Part::Beyond => {
            return HttpResponse::RangeNotSatisfiable()
                .insert_header((header::CONTENT_RANGE, format!("bytes */{bytes}")))
                .finish();
        }
    };
    let mut answer = HttpResponse::build(status);
    with_names(&mut answer);
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {from}-{}/{bytes}", from + length - 1);
        answer.insert_header((header::CONTENT_RANGE, range));
    }
    let stream = async move {
        let mut file = tokio::fs::File::from_std(file);
        file.seek(SeekFrom::Start(from)).await?;
        Ok::<_, std::io::Error>(ReaderStream::with_capacity(file.take(length), 64 * 1024))
    };
    answer.body(SizedStream::new(length, futures_util::TryFutureExt::try_flatten_stream(stream)))
}

/// `Content-Disposition` with a name in plain letters for old programs, and the real one (RFC 6266, RFC 8187).
fn disposition(plain_name: &str, name: &str) -> String {
    let mut encoded = String::with_capacity(name.len() * 3);
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain_name}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_browsers_write_them() {
        for (range, expected) in [
            (None, Part::Whole),
            (Some("bytes=0-"), Part::Range(0, 99)),
            (Some("bytes=10-19"), Part::Range(10, 19)),
            (Some("bytes=90-1000"), Part::Range(90, 99)),
            (Some("bytes=-10"), Part::Range(90, 99)),
            (Some("bytes=-1000"), Part::Range(0, 99)),
            (Some("bytes=100-"), Part::Beyond),
            (Some("bytes=-0"), Part::Beyond),
            (Some("bytes=9-3"), Part::Whole),
            (Some("bytes=0-1,5-6"), Part::Whole),
            (Some("lines=1-2"), Part::Whole),
            (Some("bytes=x-y"), Part::Whole),
        ] {
            assert_eq!(part(range, 100), expected, "{range:?}");
        }
        assert_eq!(part(Some("bytes=0-"), 0), Part::Beyond);
    }

    #[test]
    fn names_in_every_script_arrive() {
        assert_eq!(
            disposition("shang-hai-2026.zip", "上海 2026.zip"),
            "attachment; filename=\"shang-hai-2026.zip\"; filename*=UTF-8''%E4%B8%8A%E6%B5%B7%202026.zip"
        );
    }
}
