//! A real server of llama.cpp on loopback, with a model of random weights: its words are nonsense, its protocol is real.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::process::{Process, is_ready};
use super::{get, say};

/// Names the program of the server.
const PROGRAM: &str = "ODDITY_LLAMA";

/// A running server; dropping it ends the process and removes its model.
pub(crate) struct Llama {
    pub(crate) address: SocketAddr,
    _process: Process,
    _folder: TempDir,
}

impl Llama {
    /// `None` if no program is named.
    ///
    /// # Panics
    /// If it does not start.
    pub(crate) async fn start() -> Option<Self> {
        let Some(program) = std::env::var_os(PROGRAM) else {
            say(&format!("skipped: llama.cpp, as {PROGRAM} does not name its server"));
            return None;
        };
        let folder = TempDir::new().unwrap();
        let model = folder.path().join("tiny.gguf");
        fs::write(&model, gguf()).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new(program)
            .arg("-m")
            .arg(&model)
            .args(["--host", "127.0.0.1", "--port", &address.port().to_string()])
            .args(["--ctx-size", "4096", "--parallel", "1", "--threads", "1", "--no-warmup"])
            // Random words would end by chance.
            .args(["--ignore-eos", "--seed", "1"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let process = Process(process);
        assert!(
            is_ready(address, "/health").await,
            "llama.cpp does not start: {}",
            fs::read_to_string(folder.path().join("log")).unwrap()
        );
        Some(Self { address, _process: process, _folder: folder })
    }

    /// What it says of the one answer that it can give at a time.
    pub(crate) async fn slot(&self) -> String {
        get(self.address, "/slots").await.body
    }
}

/// Sizes of the model.
const EMBEDDING: u32 = 256;
const HEADS: u32 = 4;
const LAYERS: u32 = 2;
const FORWARD: u32 = 512;
const CONTEXT: u32 = 4_096;

/// A model of the architecture of Llama with one token a byte.
/// Source: ggml, `docs/gguf.md`, version 3.
fn gguf() -> Vec<u8> {
    let printable: Vec<String> = (32..127_u8).map(|byte| char::from(byte).to_string()).collect();
    let mut tokens: Vec<String> = ["<unk>", "<s>", "</s>"].map(str::to_owned).into();
    tokens.extend((0..256).map(|byte| format!("<0x{byte:02X}>")));
    // Unknown, two control tokens, bytes, and normal ones.
    let mut kinds = vec![2, 3, 3];
    kinds.extend([6; 256]);
    kinds.extend(printable.iter().map(|_| 1));
    tokens.extend(printable);
    let vocabulary = tokens.len() as u32;

    let mut keys = Keys::default();
    keys.string("general.architecture", "llama");
    keys.string("general.name", "tiny");
    for (name, value) in [
        ("llama.context_length", CONTEXT),
        ("llama.embedding_length", EMBEDDING),
        ("llama.block_count", LAYERS),
        ("llama.feed_forward_length", FORWARD),
        ("llama.attention.head_count", HEADS),
        ("llama.attention.head_count_kv", HEADS),
        ("llama.rope.dimension_count", EMBEDDING / HEADS),
        ("llama.vocab_size", vocabulary),
        ("tokenizer.ggml.bos_token_id", 1),
        ("tokenizer.ggml.eos_token_id", 2),
        ("tokenizer.ggml.unknown_token_id", 0),
    ] {
        keys.entry(name, 4, &value.to_le_bytes());
    }
    keys.entry("llama.attention.layer_norm_rms_epsilon", 6, &1e-5_f32.to_le_bytes());
    keys.string("tokenizer.ggml.model", "llama");
    keys.array("tokenizer.ggml.tokens", 8, tokens.iter().map(|token| string(token)));
    keys.array("tokenizer.ggml.scores", 6, tokens.iter().map(|_| 0_f32.to_le_bytes().to_vec()));
    keys.array(
        "tokenizer.ggml.token_type",
        5,
        kinds.iter().map(|kind: &i32| kind.to_le_bytes().to_vec()),
    );

    let mut tensors: Vec<(String, Vec<u32>)> = vec![
        ("token_embd.weight".to_owned(), vec![EMBEDDING, vocabulary]),
        ("output_norm.weight".to_owned(), vec![EMBEDDING]),
        ("output.weight".to_owned(), vec![EMBEDDING, vocabulary]),
    ];
    for layer in 0..LAYERS {
        let square = vec![EMBEDDING, EMBEDDING];
        for (name, shape) in [
            ("attn_norm", vec![EMBEDDING]),
            ("ffn_norm", vec![EMBEDDING]),
            ("attn_q", square.clone()),
            ("attn_k", square.clone()),
            ("attn_v", square.clone()),
            ("attn_output", square),
            ("ffn_gate", vec![EMBEDDING, FORWARD]),
            ("ffn_up", vec![EMBEDDING, FORWARD]),
            ("ffn_down", vec![FORWARD, EMBEDDING]),
        ] {
            tensors.push((format!("blk.{layer}.{name}.weight"), shape));
        }
    }
    let (mut about, mut data, mut dice) = (Vec::new(), Vec::new(), 1_u64);
    for (name, shape) in &tensors {
        about.extend(string(name));
        about.extend((shape.len() as u32).to_le_bytes());
        shape.iter().for_each(|size| about.extend(u64::from(*size).to_le_bytes()));
        about.extend(0_u32.to_le_bytes());
        about.extend((data.len() as u64).to_le_bytes());
        for _ in 0..shape.iter().product::<u32>() {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let random = ((dice >> 40) as f32 / (1 << 23) as f32 - 1.0) * 0.2;
            let weight = if shape.len() == 1 { 1.0 } else { random };
            data.extend(weight.to_le_bytes());
        }
    }
    let mut file = b"GGUF".to_vec();
    file.extend(3_u32.to_le_bytes());
    file.extend((tensors.len() as u64).to_le_bytes());
    file.extend(keys.count.to_le_bytes());
    file.extend(keys.bytes);
    file.extend(about);
    file.resize(file.len().next_multiple_of(32), 0);
    file.extend(data);
    file
}

fn string(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

/// Metadata: name, type, value.
#[derive(Default)]
struct Keys {
    count: u64,
    bytes: Vec<u8>,
}

impl Keys {
    fn entry(&mut self, name: &str, kind: u32, value: &[u8]) {
        self.count += 1;
        self.bytes.extend(string(name));
        self.bytes.extend(kind.to_le_bytes());
        self.bytes.extend(value);
    }

    fn string(&mut self, name: &str, value: &str) {
        self.entry(name, 8, &string(value));
    }

    fn array(&mut self, name: &str, kind: u32, items: impl ExactSizeIterator<Item = Vec<u8>>) {
        let mut value = kind.to_le_bytes().to_vec();
        value.extend((items.len() as u64).to_le_bytes());
        items.for_each(|item| value.extend(item));
        self.entry(name, 9, &value);
    }
}
