//! Google's discovery documents, read once per process: the contract that every request is held against.
//!
//! Each is parsed when first asked for, and only what the checks need is kept: some have megabytes of
//! descriptions.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

use serde::Deserialize;

use super::route::Route;

#[derive(Debug, Default, Deserialize)]
pub struct Schema {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    pub format: Option<String>,
    #[serde(default)]
    pub properties: HashMap<String, Schema>,
    pub items: Option<Box<Schema>>,
    #[serde(rename = "additionalProperties")]
    pub additional: Option<Box<Schema>>,
    #[serde(default, rename = "enum")]
    pub values: Vec<String>,
    #[serde(default, rename = "readOnly")]
    pub read_only: bool,
}

#[derive(Debug, Deserialize)]
pub struct Parameter {
    #[serde(default)]
    pub location: String,
    #[serde(default, rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub repeated: bool,
    #[serde(default)]
    pub required: bool,
    #[serde(default, rename = "enum")]
    pub values: Vec<String>,
    #[serde(default)]
    pub pattern: String,
}

#[derive(Debug)]
pub struct Method {
    pub id: String,
    pub verb: String,
    pub route: Route,
    pub parameters: HashMap<String, Parameter>,
    pub request: Option<String>,
    pub response: Option<String>,
}

#[derive(Debug)]
pub struct Document {
    pub schemas: HashMap<String, Schema>,
    pub parameters: HashMap<String, Parameter>,
    pub methods: Vec<Method>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(default, rename = "servicePath")]
    service_path: String,
    #[serde(default)]
    parameters: HashMap<String, Parameter>,
    #[serde(default)]
    schemas: HashMap<String, Schema>,
    #[serde(flatten)]
    top: Resource,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    methods: HashMap<String, MethodText>,
    #[serde(default)]
    resources: HashMap<String, Resource>,
}

#[derive(Deserialize)]
struct MethodText {
    id: String,
    path: String,
    #[serde(rename = "httpMethod")]
    verb: String,
    #[serde(default)]
    parameters: HashMap<String, Parameter>,
    request: Option<Reference>,
    response: Option<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    /// Absent where nothing is said about what it is.
    /// Absent in a few methods of Vertex AI, which have no message.
    #[serde(rename = "$ref")]
    name: Option<String>,
}

/// The folder with the documents.
#[derive(Clone, Debug)]
pub struct Discovery {
    folder: PathBuf,
}

type Read = BTreeMap<PathBuf, Option<&'static Document>>;

/// Shared by all fakes of this process.
static DOCUMENTS: Mutex<Read> = Mutex::new(BTreeMap::new());

const FOLDER: &str = "googleapiclient/discovery_cache/documents";

impl Discovery {
    /// Takes the documents from `folder`.
    pub fn load(folder: &Path) -> Self {
        assert!(
            folder.join("iam.v1.json").is_file(),
            "no discovery documents in {}: run tests/support/packages.sh once",
            folder.display()
        );
        Self { folder: folder.to_owned() }
    }

    /// Takes them from `GROUNDWORK_TEST_DISCOVERY`, or from where `tests/support/packages.sh` puts them.
    pub fn installed() -> Self {
        if let Ok(folder) = std::env::var("GROUNDWORK_TEST_DISCOVERY") {
            return Self::load(Path::new(&folder));
        }
        let lib = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/lib");
        let found = fs::read_dir(&lib).into_iter().flatten().flatten().find_map(|python| {
            let folder = python.path().join("site-packages").join(FOLDER);
            folder.is_dir().then_some(folder)
        });
        let folder = found.unwrap_or_else(|| {
            panic!(
                "no discovery documents in {}: run tests/support/packages.sh once",
                lib.display()
            )
        });
        Self::load(&folder)
    }

    /// The document of `api` that `path` (without the API's own segment) belongs to.
    pub fn document(&self, api: &str, path: &[&str]) -> Option<&'static Document> {
        let version = path.iter().take(2).find(|segment| is_version(segment))?;
        self.read(&format!("{api}.{version}.json"))
    }

    /// The ids of all methods of `api`, in the versions that are in use.
    pub fn ids(&self, api: &str) -> Vec<&'static str> {
        let versions = ["v1", "v1beta1", "v2", "v3"];
        let documents = versions.iter().filter_map(|one| self.read(&format!("{api}.{one}.json")));
        documents.flat_map(|document| &document.methods).map(|method| method.id.as_str()).collect()
    }

    fn read(&self, name: &str) -> Option<&'static Document> {
        let path = self.folder.join(name);
        let mut read = DOCUMENTS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *read.entry(path.clone()).or_insert_with(|| {
            let text = fs::read(&path).or_else(|_| fs::read(supplement(name))).ok()?;
            Some(Box::leak(Box::new(parse(&text))))
        })
    }
}

/// Documents that the package lacks, written by hand as far as they are needed.
fn supplement(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/google/documents").join(name)
}

fn is_version(segment: &str) -> bool {
    let mut letters = segment.chars();
    letters.next() == Some('v') && letters.next().is_some_and(|digit| digit.is_ascii_digit())
}

fn parse(text: &[u8]) -> Document {
    let text: Text = serde_json::from_slice(text).expect("a discovery document");
    let mut methods = Vec::new();
    let mut resources = vec![text.top];
    while let Some(resource) = resources.pop() {
        resources.extend(resource.resources.into_values());
        for method in resource.methods.into_values() {
            let path = format!("{}{}", text.service_path, method.path);
            methods.push(Method {
                route: Route::new(&path, &method.parameters),
                id: method.id,
                verb: method.verb,
                parameters: method.parameters,
                request: method.request.and_then(|reference| reference.name),
                response: method.response.and_then(|reference| reference.name),
            });
        }
    }
    Document { schemas: text.schemas, parameters: text.parameters, methods }
}

impl Document {
    /// The method that `verb` and `path` mean, with the parameters in the path.
    pub fn method(&self, verb: &str, path: &[&str]) -> Option<(&Method, BTreeMap<String, String>)> {
        self.methods
            .iter()
            .filter(|method| method.verb == verb)
            .filter_map(|method| Some((method, method.route.parameters(path)?)))
            .max_by_key(|(method, _)| method.route.weight())
    }
}
