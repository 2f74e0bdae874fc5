//! The builds of ONNX Runtime that may be fetched, each pinned by the hash of its package and of its library.
//!
//! 1.28.0 is the newest release whose builds send no usage data. The Python wheel is the first source; the Node
//! package, one release older, is the second.

use std::borrow::Cow;

/// The version that is installed.
pub const VERSION: &str = "1.28.0";

/// The tool that fetches a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `python -m pip download`; the package is a wheel, which is a zip file.
    Pip,
    /// `npm pack`; the package is a gzipped tar file.
    Npm,
}

/// One build: where it comes from and what must come out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The tool that fetches it.
    pub tool: Tool,
    /// Package name.
    pub package: Cow<'static, str>,
    /// Package version, which is the runtime's version.
    pub version: Cow<'static, str>,
    /// Platform tag as pip writes it; empty for npm.
    pub platform: Cow<'static, str>,
    /// SHA-256 of the package.
    pub package_sha256: Cow<'static, str>,
    /// Size of the package in bytes.
    pub package_bytes: u64,
    /// The library's path inside the package.
    pub member: Cow<'static, str>,
    /// SHA-256 of the library.
    pub library_sha256: Cow<'static, str>,
    /// Size of the library in bytes.
    pub library_bytes: u64,
}

impl Pin {
    /// The library's file name.
    pub fn library_name(&self) -> &str {
        self.member.rsplit('/').next().unwrap_or(&self.member)
    }

    /// The folder the library is kept in, inside the runtime folder.
    pub fn folder_name(&self) -> String {
        format!("onnxruntime-{}", self.version)
    }
}

struct Row {
    os: &'static str,
    arch: &'static str,
    wheel: (&'static str, &'static str, u64),
    wheel_library: (&'static str, &'static str, u64),
    npm_library: (&'static str, &'static str, u64),
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row {
        os: "linux", arch: "x86_64",
        wheel: ("manylinux_2_28_x86_64", "0a83bdb70d143cede762b677789bf2a7acca54b3fb82565601d5c30695aa933c", 19_214_257),
        wheel_library: ("onnxruntime/capi/libonnxruntime.so.1.28.0", "aa4079d18f4ea7a5f3a94d80cd4bbe0f2740436626622d64d793803a20381083", 24_272_944),
        npm_library: ("linux/x64/libonnxruntime.so.1", "d8aff4aa8abee8fb2abb2f2f2459ffc94461e781e41b9f7c072829dd0d470221", 38_023_776),
    },
    Row {
        os: "linux", arch: "aarch64",
        wheel: ("manylinux_2_28_aarch64", "4e81a23df16e7acb9d51b06d30cc098e49315ef9180f97bc2221d167b4b04d9c", 17_050_628),
        wheel_library: ("onnxruntime/capi/libonnxruntime.so.1.28.0", "23a37c2994bc273e1d59a4f49af6cba5bf1cfbc29f04907ec27df375aba50a7d", 20_657_248),
        npm_library: ("linux/arm64/libonnxruntime.so.1", "c36bc200e7e6c093b8abb0b34590fbdd8c52fd3fb5e33795b9523ffdde2fce0f", 20_001_880),
    },
    Row {
        os: "windows", arch: "x86_64",
        wheel: ("win_amd64", "c35064f9b3c43c81c5d5d282091401d0f1ff22796d93ccade4ea2ece5e137ab8", 13_755_036),
        wheel_library: ("onnxruntime/capi/onnxruntime.dll", "3d6bd02dc137b9a1dfdac045a52b147ffb920bb06ab812b08fc8e14279859855", 17_766_752),
        npm_library: ("win32/x64/onnxruntime.dll", "273f9ef9cf755c6a0f342226a80448156c10ceb74db2ae8c8370dc98e75af0eb", 26_011_960),
    },
    Row {
        os: "windows", arch: "aarch64",
        wheel: ("win_arm64", "e02feeb0165c5f13b4cc954738078d59b90128516ac12b671ee24a530242bf02", 13_454_462),
        wheel_library: ("onnxruntime/capi/onnxruntime.dll", "e651433cfe465292e80abf7b9624c181a749cd4f34e1770e34f18fa0196bba3e", 17_510_752),
        npm_library: ("win32/arm64/onnxruntime.dll", "908ce63e73f375e90daabe24c52486b42392c19df3d63973a26f871cfeab5453", 26_834_232),
    },
    Row {
        os: "macos", arch: "aarch64",
        wheel: ("macosx_14_0_arm64", "26ff0fdd06efb6c155bae95387a09db1a2be89c7a03e4d0bffd5a171cc2826da", 19_141_362),
        wheel_library: ("onnxruntime/capi/libonnxruntime.1.28.0.dylib", "cadd9517e089d197e5d381bc31813875eb8addce8712bac501645fea8008800c", 30_509_592),
        npm_library: ("darwin/arm64/libonnxruntime.1.27.0.dylib", "89f692a3a1a224e4ad0b796b0e7c0bd81113b0741bfe84211eceef14d05a9e59", 38_800_984),
    },
];

const NPM_VERSION: &str = "1.27.0";
const NPM_SHA256: &str = "c3779c01c59832f8c03e2c392ac3af10bf08579f1822e8b1c63cc451edb302a2";
const NPM_BYTES: u64 = 100_893_124;

/// The builds for a system and processor by Rust's names, the preferred first; empty when there is none.
pub fn for_machine(os: &str, arch: &str) -> Vec<Pin> {
    let Some(row) = ROWS.iter().find(|r| r.os == os && r.arch == arch) else { return Vec::new() };
    vec![
        Pin {
            tool: Tool::Pip,
            package: "onnxruntime".into(),
            version: VERSION.into(),
            platform: row.wheel.0.into(),
            package_sha256: row.wheel.1.into(),
            package_bytes: row.wheel.2,
            member: row.wheel_library.0.into(),
            library_sha256: row.wheel_library.1.into(),
            library_bytes: row.wheel_library.2,
        },
        Pin {
            tool: Tool::Npm,
            package: "onnxruntime-node".into(),
            version: NPM_VERSION.into(),
            platform: "".into(),
            package_sha256: NPM_SHA256.into(),
            package_bytes: NPM_BYTES,
            member: format!("package/bin/napi-v6/{}", row.npm_library.0).into(),
            library_sha256: row.npm_library.1.into(),
            library_bytes: row.npm_library.2,
        },
    ]
}

/// The builds for this machine.
pub fn for_this_machine() -> Vec<Pin> {
    for_machine(std::env::consts::OS, std::env::consts::ARCH)
}

/// System and processor of this machine in words.
pub fn this_machine() -> String {
    format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pin_is_complete_and_its_own() {
        let mut hashes = std::collections::HashSet::new();
        for row in ROWS {
            for pin in for_machine(row.os, row.arch) {
                assert!(hashes.insert(pin.library_sha256.to_string()));
                for hash in [&pin.package_sha256, &pin.library_sha256] {
                    assert!(hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{hash}");
                }
                assert!(pin.library_name().contains("onnxruntime"), "{}", pin.library_name());
            }
        }
        assert_eq!(hashes.len(), 10);
        assert!(for_machine("plan9", "x86_64").is_empty());
    }
}
