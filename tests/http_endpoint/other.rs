//! Documents, the repository, labels, `MLflow`'s form, the token.

use modeldeck::deploy::http::Token;
use serde_json::json;

use super::client::World;

#[test]
fn the_server_and_its_models_tell_what_they_are() {
    let world = World::plain();
    let server = world.get("/v2").json();
    assert_eq!(server["name"], "modeldeck");
    assert!(server["extensions"].as_array().unwrap().contains(&json!("binary_tensor_data")));
    assert_eq!(world.get("/v2/health/live").json(), json!({ "live": true }));
    assert_eq!(world.get("/v2/health/ready").json(), json!({ "ready": true }));
    let head = world.send("HEAD", "/v2/health/live", &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    let model = world.get("/v2/models/sum").json();
    assert_eq!(model["versions"], json!(["1", "2"]));
    assert_eq!(model["inputs"], json!([{ "name": "x", "datatype": "FP32", "shape": [-1, 4] }]));
    assert_eq!(world.get("/v2/models/sum/versions/2").status, 200);
    assert_eq!(world.get("/v2/models/sum/ready").json(), json!({ "name": "sum", "ready": true }));
    assert_eq!(world.get("/v2/models/words/config").json()["input"][0]["data_type"], "TYPE_STRING");
    assert!(world.get("/v2/models").json()["models"].as_array().unwrap().contains(&json!("sum")));
}

#[test]
fn counts_follow_the_answers() {
    let world = World::plain();
    let body = r#"{"inputs":[{"name":"x","shape":[2,4],"datatype":"FP32","data":[1,2,3,4,5,6,7,8]}]}"#;
    for _ in 0..3 {
        world.post("/v2/models/sum/versions/2/infer", body);
    }
    let stats = world.get("/v2/models/sum/stats").json();
    assert_eq!(stats["model_stats"][0]["inference_stats"]["success"]["count"], 0);
    assert_eq!(stats["model_stats"][1]["inference_stats"]["success"]["count"], 3);
    assert_eq!(stats["model_stats"][1]["inference_count"], 6);
    let metrics = world.get("/metrics");
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    assert!(metrics.text().contains("plain_calls 3\n# HELP modeldeck_http_responses_total"), "{}", metrics.text());
    assert!(metrics.text().contains("modeldeck_http_responses_total{kind=\"success\"} 4"), "{}", metrics.text());
}

#[test]
fn models_are_unloaded_and_loaded_again() {
    let world = World::plain();
    let state = |name: &str| {
        let index = world.post("/v2/repository/index", "").json();
        index.as_array().unwrap().iter().find(|entry| entry["name"] == name).unwrap()["state"].clone()
    };
    assert_eq!(state("words"), "READY");
    assert_eq!(world.post("/v2/repository/models/words/unload", "{}").status, 200);
    assert_eq!(state("words"), "UNAVAILABLE");
    assert_eq!(world.get("/v2/models/words/ready").status, 503);
    let infer = r#"{"inputs":[{"name":"s","shape":[1],"datatype":"BYTES","data":["a"]}]}"#;
    let refused = world.post("/v2/models/words/infer", infer);
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert!(refused.error().contains("“words” cannot answer now"));
    let ready: Vec<_> = world.post("/v2/repository/index", r#"{"ready":true}"#).json().as_array().unwrap().clone();
    assert!(ready.iter().all(|entry| entry["name"] != "words"));
    assert_eq!(world.post("/v2/repository/models/words/load", "").status, 200);
    assert_eq!(world.post("/v2/models/words/infer", infer).status, 200);
    assert_eq!(world.post("/v2/repository/models/none/load", "").status, 404);
    let config = r#"{"parameters":{"config":"{}"}}"#;
    assert_eq!(world.post("/v2/repository/models/words/load", config).status, 400);
}

#[test]
fn labels_are_joined_repeated_or_unknown() {
    let world = World::plain();
    let body = r#"{"id":"q","inputs":[{"name":"x","shape":[2,4],"datatype":"FP32","data":[1,2,3,4,5,6,7,8]}]}"#;
    world.post("/v2/models/sum/infer", body);
    let labels = r#"[{"id":"q","row":1,"truth":26},{"prediction":"q:1","truth":"26"},{"id":"never","truth":true}]"#;
    let taken = world.post("/v2/models/sum/feedback", labels).json();
    assert_eq!(taken, json!({ "joined": 1, "repeated": 1, "unknown": ["never"], "unknown_count": 1 }));
    assert!(world.post("/v2/models/sum/feedback", "[{}]").error().contains("no “id”"));
    assert_eq!(world.post("/v2/models/none/feedback", "[]").status, 404);
}

#[test]
fn tables_are_answered_in_mlflows_form() {
    let world = World::plain();
    for body in [
        r#"{"dataframe_split":{"columns":["d","a","b","c"],"data":[[4,1,2,3],[0,0.5,0,0]]}}"#,
        r#"{"dataframe_records":[{"a":1,"b":2,"c":3,"d":4},{"a":0.5,"b":0,"c":0,"d":0}]}"#,
        r#"{"instances":[[1,2,3,4],[0.5,0,0,0]]}"#,
        r#"{"inputs":{"a":[1,0.5],"b":[2,0],"c":[3,0],"d":[4,0]}}"#,
    ] {
        let response = world.post("/models/sum/invocations", body);
        assert_eq!(response.json(), json!({ "predictions": [10.0, 0.5] }), "{body}");
        assert_eq!(response.header("x-model-version"), Some("1"));
        assert!(response.header("x-request-id").is_some());
    }
    let second = world.post("/models/sum/versions/2/invocations", r#"{"instances":[[1,2,3,4]]}"#);
    assert_eq!(second.json(), json!({ "predictions": [100.0] }));
    let words = world.post("/models/words/invocations", r#"{"dataframe_records":[{"word":"grün"}]}"#);
    assert_eq!(words.json(), json!({ "predictions": [{ "upper": "GRÜN", "length": 4 }] }));
    assert_eq!(world.post("/models/words/invocations", r#"{"instances":[[7]]}"#).status, 400);
    assert!(world.post("/invocations", r#"{"instances":[[1]]}"#).error().contains("/models/NAME/invocations"));
    let csv = world.send("POST", "/models/sum/invocations", &[("Content-Type", "text/csv")], b"a,b\n1,2\n");
    assert_eq!(csv.status, 415);
}

#[test]
fn unknown_places_say_where_to_look() {
    let world = World::plain();
    let unknown = world.get("/v3");
    assert_eq!(unknown.status, 404);
    assert!(unknown.error().contains("/docs"));
    let wrong = world.get("/v2/models/sum/infer");
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("POST")));
    assert!(wrong.error().contains("method"));
    assert!(world.get("/v2/models/none").error().contains("no model “none”"));
    assert!(world.get("/v2/models/sum/versions/9").error().contains("no version “9”. It has 1, 2."));
    assert_eq!(world.get("/v2/models/%ff/ready").status, 400);
    assert_eq!(world.get("/v2/models/gr%C3%BCn/ready").status, 404);
}

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let world = World::plain();
    let page = world.get("/docs");
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    assert!(!page.text().contains("http://") && !page.text().contains("https://"));
    let document = world.get("/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    // Every path of the document is one that is answered.
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{model}", "sum").replace("{version}", "1");
        for method in methods.as_object().unwrap().keys() {
            let response = world.send(&method.to_uppercase(), &path, &[], b"");
            assert!(![404, 405].contains(&response.status), "{method} {path}: {}", response.text());
        }
    }
}

#[test]
fn a_token_is_wanted_where_one_is_set() {
    let world = World::new(|settings| settings.token = Some(Token::new("a-token-of-some-length").unwrap()));
    let refused = world.get("/v2/models/sum");
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Bearer")));
    let with = |token: &str| {
        let value = format!("Bearer {token}");
        world.send("GET", "/v2/models/sum", &[("Authorization", &value)], b"").status
    };
    assert_eq!((with("a-token-of-some-length"), with("a-token-of-some-lengtH"), with("")), (200, 401, 401));
    assert_eq!(world.get("/v2/health/live").status, 200);
    assert_eq!(world.get("/metrics").status, 401);
}

#[test]
fn a_page_of_another_site_is_refused() {
    let world = World::plain();
    let response = world.send("POST", "/v2/repository/models/sum/unload", &[("Origin", "https://evil.example")], b"");
    assert_eq!(response.status, 403);
    assert_eq!(world.get("/v2/models/sum/ready").status, 200);
}
