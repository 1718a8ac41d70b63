//! The files that pages load: stylesheets, scripts, icons and fonts, built into the program.
//!
//! The address of a file holds a hash of its content, so browsers keep it for ever and an upgrade is seen at once. Text is
//! compressed once, when it is asked for first. Our own style is written in several files, one for each kind of component,
//! and sent as one, `app.css`. Start at [`url`] and [`serve`].

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
};
use flate2::{Compression, write::GzEncoder};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt::Write as _, io::Write as _, sync::LazyLock};

#[derive(RustEmbed)]
#[folder = "static/"]
struct Folder;

/// The folder whose files are sent as [`JOINED`], in the order of their names: later rules win.
const PARTS: &str = "css/";
const JOINED: &str = "app.css";

/// A file as it is sent.
#[derive(Debug)]
pub struct Asset {
    /// Its address, with the hash.
    pub address: String,
    /// Its media type.
    pub media_type: &'static str,
    /// A quoted hash, for `ETag`.
    pub tag: String,
    /// The content.
    pub plain: Vec<u8>,
    /// The content compressed, where that makes it smaller.
    pub gzip: Option<Vec<u8>>,
}

/// What of the folder is served; licences and notes are not.
fn media_type(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn compressed(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().filter(|small| small.len() < plain.len())
}

fn asset(name: &str, media_type: &'static str, plain: Vec<u8>) -> Asset {
    let mut hash = hex(&Sha256::digest(&plain));
    hash.truncate(16);
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    Asset {
        address: format!("/static/{stem}.{hash}.{extension}"),
        media_type,
        tag: format!("\"{hash}\""),
        gzip: if media_type.starts_with("font/") { None } else { compressed(&plain) },
        plain,
    }
}

/// A stylesheet names fonts by their file; browsers need the address with the hash.
fn with_addresses(css: &[u8], known: &BTreeMap<String, Asset>) -> Vec<u8> {
    let mut text = String::from_utf8_lossy(css).into_owned();
    for (name, asset) in known {
        text = text.replace(&format!("url({name})"), &format!("url({})", asset.address));
    }
    text.into_bytes()
}

/// The parts of our own style as one file.
fn joined() -> (String, &'static str, Vec<u8>) {
    let mut parts: Vec<_> = Folder::iter().filter(|path| path.starts_with(PARTS)).collect();
    parts.sort();
    let files = parts.iter().filter_map(|path| Folder::get(path));
    let mut css = Vec::new();
    for file in files {
        css.extend_from_slice(&file.data);
        css.push(b'\n');
    }
    (JOINED.to_owned(), "text/css; charset=utf-8", css)
}

/// All files by name, without their folder.
static ASSETS: LazyLock<BTreeMap<String, Asset>> = LazyLock::new(|| {
    let mut known = BTreeMap::new();
    let mut styles = vec![joined()];
    for path in Folder::iter().filter(|path| !path.starts_with(PARTS)) {
        let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
        let (Some(media_type), Some(file)) = (media_type(&name), Folder::get(&path)) else {
            continue;
        };
        if media_type.starts_with("text/css") {
            styles.push((name, media_type, file.data.into_owned()));
        } else {
            known.insert(name.clone(), asset(&name, media_type, file.data.into_owned()));
        }
    }
    for (name, media_type, css) in styles {
        let asset = asset(&name, media_type, with_addresses(&css, &known));
        known.insert(name, asset);
    }
    known
});

/// The address of a file by its name, such as `app.css`. A name that there is not gives an address that answers 404; a test
/// looks that no page has one.
pub fn url(name: &str) -> String {
    ASSETS.get(name).map_or_else(|| format!("/static/{name}"), |asset| asset.address.clone())
}

/// The file at the last part of an address, such as `app.0123456789abcdef.css`.
pub fn find(file: &str) -> Option<&'static Asset> {
    ASSETS.values().find(|asset| asset.address.strip_prefix("/static/") == Some(file))
}

/// All files, for those who write them elsewhere.
pub fn all() -> impl Iterator<Item = &'static Asset> {
    ASSETS.values()
}

fn says(request: &HttpRequest, name: header::HeaderName, word: &str) -> bool {
    let values = request.headers().get_all(name).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().trim_start_matches("W/") == word)
}

/// Whether the browser takes gzip: named, and not with a weight of nothing.
fn takes_gzip(request: &HttpRequest) -> bool {
    let values = request.headers().get_all(header::ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| {
        let mut parts = part.split(';').map(str::trim);
        parts.next() == Some("gzip")
            && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// Answers `GET /static/{file}`.
pub async fn serve(request: HttpRequest) -> HttpResponse {
    let file = request.match_info().get("file").unwrap_or_default();
    let Some(asset) = find(file) else {
        return HttpResponse::NotFound().finish();
    };
    let is_known = says(&request, header::IF_NONE_MATCH, &asset.tag);
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::VARY, "Accept-Encoding"))
        .insert_header((header::ETAG, asset.tag.as_str()));
    if is_known {
        return answer.finish();
    }
    answer.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type)));
    match &asset.gzip {
        Some(gzip) if takes_gzip(&request) => {
            answer.insert_header((header::CONTENT_ENCODING, "gzip")).body(gzip.as_slice())
        }
        _ => answer.body(asset.plain.as_slice()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use std::io::Read;

    #[test]
    fn vendored_files_are_the_ones_that_were_published() {
        let published = [
            ("htmx-4.0.1.min.js", "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"),
            ("tabler-1.6.1.min.css", "370a2d4e608ae518351d10528fc7dbe19b354ae5062c51b2a9cb294850d65403"),
            ("inter-latin.woff2", "3100e775e8616cd2611beecfa23a4263d7037586789b43f035236a2e6fbd4c62"),
            ("inter-latin-ext.woff2", "34b9c504cab7a73e37b746343a449132e56cf7b5481af2cb81dc74dcff25c956"),
        ];
        for (name, hash) in published {
            let file = Folder::get(&format!("vendor/{name}")).unwrap();
            assert_eq!(hex(&Sha256::digest(&file.data)), hash, "{name}");
        }
    }

    #[test]
    fn every_vendored_file_has_a_licence_beside_it() {
        let names: Vec<_> =
            Folder::iter().filter_map(|path| path.strip_prefix("vendor/").map(str::to_owned)).collect();
        for name in names.iter().filter(|name| media_type(name).is_some()) {
            let project = name.split('-').next().unwrap();
            assert!(names.contains(&format!("{project}.LICENSE.txt")), "{name}");
        }
    }

    #[test]
    fn fonts_are_named_by_their_hashed_address_in_the_stylesheet() {
        let css = String::from_utf8(ASSETS["app.css"].plain.clone()).unwrap();
        assert!(css.contains(&format!("url({})", url("inter-latin.woff2"))));
        assert!(!css.contains("url(inter"), "a font is named without its hash");
    }

    #[test]
    fn the_parts_of_the_style_are_sent_as_one_with_the_names_first_and_what_people_asked_for_last() {
        let css = String::from_utf8(ASSETS["app.css"].plain.clone()).unwrap();
        let place = |text: &str| css.find(text).unwrap_or_else(|| panic!("{text} is not in app.css"));
        assert!(place("--accent:") < place(".pill-good") && place(".pill-good") < place("@media print"));
        assert!(ASSETS.keys().all(|name| !name.starts_with(char::is_numeric)), "a part is served by itself");
    }

    #[test]
    fn licences_are_not_served() {
        assert!(ASSETS.keys().all(|name| !name.contains("LICENSE")));
    }

    #[actix_web::test]
    async fn a_file_is_sent_compressed_to_be_kept_for_ever_and_not_sent_twice() {
        let file = url("app.css").strip_prefix("/static/").unwrap().to_owned();
        let ask = |name: &'static str, value: String| {
            TestRequest::get().insert_header((name, value)).param("file", file.clone()).to_http_request()
        };
        let answer = serve(ask("Accept-Encoding", "gzip, br".into())).await;
        assert_eq!(answer.headers().get("content-encoding").unwrap(), "gzip");
        assert!(answer.headers().get("cache-control").unwrap().to_str().unwrap().contains("immutable"));
        let tag = answer.headers().get("etag").unwrap().to_str().unwrap().to_owned();
        let body = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(body.as_ref()).read_to_string(&mut text).unwrap();
        assert_eq!(text.as_bytes(), ASSETS["app.css"].plain);
        let plain = serve(ask("Accept-Encoding", "gzip;q=0".into())).await;
        assert!(plain.headers().get("content-encoding").is_none());
        assert_eq!(serve(ask("If-None-Match", tag)).await.status().as_u16(), 304);
    }

    #[actix_web::test]
    async fn a_file_of_an_older_version_is_not_found() {
        let request = TestRequest::get().param("file", "app.0000000000000000.css").to_http_request();
        assert_eq!(serve(request).await.status().as_u16(), 404);
    }
}
