//! What goes back to a client: an answer, in its dialect, or why there is none.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{Either, Full};

use super::{
    attempt::{Answer, Events, Refused},
    caller::Caller,
    count,
    exchange::{Exchange, Reply},
    failure::{self, Failure},
    frame,
    relay::{End, Form, Meter as _, Relay},
    route::{Dialect, Operation, Unrouted},
    usage::Usage,
};

impl Exchange<'_> {
    pub(super) fn reply(&mut self, answer: Answer, operation: &Operation) -> Reply {
        match answer {
            Answer::Stream { form, events } => self.stream(form, events),
            Answer::Whole(bytes) => {
                let mut usage = Usage::default();
                usage.take(&bytes);
                let counted = match operation {
                    Operation::CountTokens => count::answer(&bytes, self.dialect).map(Bytes::from),
                    _ => None,
                };
                self.whole(StatusCode::OK, counted.unwrap_or(bytes), End::Done, usage)
            }
            Answer::Refused(refused) => self.refused(refused),
        }
    }

    pub(super) fn stream(&mut self, from: Form, events: Events) -> Reply {
        let (to, kind) = match self.dialect {
            Dialect::Bedrock => (Form::Frames, frame::CONTENT_TYPE),
            Dialect::Anthropic | Dialect::Vertex => (Form::Sse, "text/event-stream"),
        };
        self.record(|record| record.status = 200);
        let note = self.note.take().map(|mut note| {
            note.record.first_byte_ms = Some(note.millis());
            note
        });
        let Some(note) = note else { return self.refuse(&Failure::Stopping) };
        let relay = Relay::new(events, from, to, self.state.patience, note);
        let mut response = self.dressed(Response::new(Either::Right(relay)), kind);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }

    /// What an upstream refused, in the client's way, without what is nobody's business.
    pub(super) fn refused(&mut self, refused: Refused) -> Reply {
        let Refused { status, refusal, body, said } = refused;
        let message = refusal.scrubbed();
        // That this gateway may not call it is nothing that a login at the other end could change.
        let (status, kind, message) = match status.as_u16() {
            401 | 403 => (
                StatusCode::BAD_REQUEST,
                "policy_blocked",
                format!("this gateway is not let in by the model's service: {message}"),
            ),
            404 => (
                StatusCode::BAD_REQUEST,
                "policy_blocked",
                format!("the model's service has not what was asked for: {message}"),
            ),
            429 => (status, "rate_limit_error", message),
            529 => (status, "overloaded_error", message),
            500..=599 => (status, "api_error", message),
            _ => (status, refusal.kind.as_deref().unwrap_or("invalid_request_error"), message),
        };
        let as_it_is = kind != "policy_blocked"
            && message == refusal.message
            && self.dialect == Dialect::Anthropic
            && refusal.kind.is_some();
        let body = if as_it_is {
            body
        } else {
            failure::body(self.dialect, status, kind, &message, &self.id).into()
        };
        let mut reply = self.whole(status, body, End::Refused(message), Usage::default());
        let headers = reply.headers_mut();
        if self.dialect == Dialect::Bedrock {
            let name = HeaderValue::from_static(failure::exception(status));
            headers.insert("x-amzn-errortype", name);
        }
        for (name, value) in &said {
            // What another cloud calls it, or calls what it is no longer, is nothing to know.
            let amazons = name == "x-amzn-errortype";
            if !amazons || (self.dialect == Dialect::Bedrock && kind != "policy_blocked") {
                headers.insert(name.clone(), value.clone());
            }
        }
        if kind == "policy_blocked" {
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        reply
    }

    pub(super) fn models(&mut self, one: Option<&str>, caller: &Caller) -> Result<Reply, Failure> {
        let offered = self.offered(caller);
        let entry =
            |name: &str| serde_json::json!({"type": "model", "id": name, "display_name": name});
        let body = if let Some(asked) = one {
            let unknown = || Failure::Unrouted(Unrouted::NotFound);
            let model = self.state.models.find(asked).ok_or_else(unknown)?;
            let name = offered.iter().find(|name| **name == model.name);
            entry(name.ok_or_else(unknown)?)
        } else {
            let all: Vec<_> = offered.into_iter().map(entry).collect();
            serde_json::json!({ "data": all, "has_more": false })
        };
        Ok(self.whole(StatusCode::OK, body.to_string().into(), End::Done, Usage::default()))
    }

    pub(super) fn refuse(&mut self, failure: &Failure) -> Reply {
        let response = failure.response(self.dialect, &self.id);
        let (status, bytes) = (response.status().as_u16(), response.body().len() as u64);
        if let Some(mut note) = self.note.take() {
            note.record.status = status;
            let why = note.record.why.take().unwrap_or_else(|| failure.to_string());
            note.end(End::Refused(why), Usage::default(), bytes);
        }
        let response = response.map(|body| Either::Left(Full::new(Bytes::from(body))));
        self.dressed(response, "application/json")
    }

    pub(super) fn whole(
        &mut self,
        status: StatusCode,
        body: Bytes,
        end: End,
        usage: Usage,
    ) -> Reply {
        self.record(|record| record.status = status.as_u16());
        if let Some(mut note) = self.note.take() {
            note.record.first_byte_ms = Some(note.millis());
            note.end(end, usage, body.len() as u64);
        }
        let mut response = Response::new(Either::Left(Full::new(body)));
        *response.status_mut() = status;
        self.dressed(response, "application/json")
    }

    fn dressed(&self, mut response: Reply, kind: &'static str) -> Reply {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            headers.insert("request-id", id.clone());
            if self.dialect == Dialect::Bedrock {
                headers.insert("x-amzn-requestid", id);
            }
        }
        response
    }
}
