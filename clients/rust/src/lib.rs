//! A client of a Ymera server.
//!
//! [`v1`] holds the stubs that buf generates; the rest makes them convenient.

use std::collections::HashMap;
use std::time::Duration;

use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use v1::catalog_service_client::CatalogServiceClient;
use v1::feedback_service_client::FeedbackServiceClient;
use v1::inference_service_client::InferenceServiceClient;
use v1::routing_service_client::RoutingServiceClient;
use v1::usage_service_client::UsageServiceClient;
use v1::ymera_service_client::YmeraServiceClient;

/// The messages and the stubs of the services.
#[allow(clippy::all)]
pub mod v1 {
    include!("../gen/ymera/v1/ymera.v1.rs");
}

/// A connection to a server. A clone shares the connection.
#[derive(Clone)]
pub struct Client {
    pub ymera: YmeraServiceClient<Channel>,
    pub catalog: CatalogServiceClient<Channel>,
    pub feedback: FeedbackServiceClient<Channel>,
    pub inference: InferenceServiceClient<Channel>,
    pub routing: RoutingServiceClient<Channel>,
    pub usage: UsageServiceClient<Channel>,
}

impl Client {
    /// Prepares a connection to a server at "host:port"; the first call connects. It is not encrypted.
    pub fn new(address: &str) -> Result<Self, tonic::transport::Error> {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
        Ok(Self::over(endpoint.connect_lazy()))
    }

    /// Uses a channel. Answers may be of any size: the limit of 4 MiB does not apply.
    pub fn over(channel: Channel) -> Self {
        Self {
            ymera: YmeraServiceClient::new(channel.clone()).max_decoding_message_size(usize::MAX),
            catalog: CatalogServiceClient::new(channel.clone()).max_decoding_message_size(usize::MAX),
            inference: InferenceServiceClient::new(channel.clone()).max_decoding_message_size(usize::MAX),
            feedback: FeedbackServiceClient::new(channel.clone()).max_decoding_message_size(usize::MAX),
            routing: RoutingServiceClient::new(channel.clone()).max_decoding_message_size(usize::MAX),
            usage: UsageServiceClient::new(channel).max_decoding_message_size(usize::MAX),
        }
    }
}

/// Returns a request that may take this long.
pub fn within<T>(limit: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(limit);
    request
}

/// Returns a message of one text.
pub fn message(role: v1::Role, text: &str) -> v1::Message {
    let part = v1::Part { kind: Some(v1::part::Kind::Text(text.to_owned())), ..Default::default() };
    v1::Message { role: role.into(), parts: vec![part], ..Default::default() }
}

/// Returns a prompt of one message of the user.
pub fn prompt(text: &str) -> v1::Prompt {
    v1::Prompt { messages: vec![message(v1::Role::User, text)], ..Default::default() }
}

/// Returns the text parts of an answer joined.
pub fn text_of(messages: &[v1::Message]) -> String {
    let parts = messages.iter().flat_map(|message| &message.parts);
    parts
        .filter_map(|part| match &part.kind {
            Some(v1::part::Kind::Text(text)) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// What a server reported with the error of a call.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The status.
    pub code: Code,
    /// One sentence for people.
    pub message: String,
    /// The constant that programs branch on; empty if the server could not be reached.
    pub reason: String,
    /// The variable parts of the message.
    pub metadata: HashMap<String, String>,
    /// What is wrong with each invalid field of the request.
    pub violations: HashMap<String, String>,
    /// How long to wait before a retry; absent if waiting is not known to help.
    pub retry_after: Option<Duration>,
    /// Identifies the call in the server's log.
    pub request_id: String,
}

impl From<&Status> for Failure {
    fn from(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let violations = details.bad_request().map(|request| request.field_violations.as_slice());
        Self {
            code: status.code(),
            message: status.message().to_owned(),
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            metadata: info.map(|info| info.metadata.clone()).unwrap_or_default(),
            violations: violations
                .unwrap_or_default()
                .iter()
                .map(|each| (each.field.clone(), each.description.clone()))
                .collect(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
            request_id: details.request_info().map(|info| info.request_id.clone()).unwrap_or_default(),
        }
    }
}
