//! The OpenAPI document, made of the endpoints themselves.

use axum::http::Method;
use bytes::Bytes;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content as MediaContent, Info, OpenApi, OpenApiBuilder, PathItem, Paths, Ref,
    Required, Response, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::access::Access;
use crate::endpoint::{Content, Endpoint};
use crate::problem::{FieldError, Problem};

const BEARER: &str = "bearer";

/// The document as JSON text, made once.
#[derive(Clone)]
pub(crate) struct Text(pub Bytes);

pub(crate) fn text(endpoints: &[Endpoint]) -> Text {
    Text(
        serde_json::to_vec(&document(endpoints))
            .unwrap_or_default()
            .into(),
    )
}

pub(crate) fn document(endpoints: &[Endpoint]) -> OpenApi {
    let mut info = Info::new("Cordboard", env!("CARGO_PKG_VERSION"));
    info.description = Some("Administration of a Cordboard telephone exchange.".to_owned());
    let mut components = ComponentsBuilder::new()
        .schema(Problem::name(), Problem::schema())
        .schema(FieldError::name(), FieldError::schema())
        .security_scheme(
            BEARER,
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
        );
    let mut paths = Paths::new();
    for endpoint in endpoints {
        for content in [&endpoint.takes, &endpoint.gives].into_iter().flatten() {
            components = components.schemas_from_iter(content.components.clone());
        }
        add(&mut paths, endpoint);
    }
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components.build()))
        .build()
}

fn add(paths: &mut Paths, endpoint: &Endpoint) {
    let item = PathItem::new(http_method(&endpoint.method), operation(endpoint));
    match paths.paths.get_mut(endpoint.path) {
        Some(known) => known.merge_operations(item),
        None => drop(paths.paths.insert(endpoint.path.to_owned(), item)),
    }
}

fn http_method(method: &Method) -> HttpMethod {
    match method.as_str() {
        "PUT" => HttpMethod::Put,
        "POST" => HttpMethod::Post,
        "DELETE" => HttpMethod::Delete,
        "HEAD" => HttpMethod::Head,
        _ => HttpMethod::Get,
    }
}

fn operation(endpoint: &Endpoint) -> OperationBuilder {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(endpoint.id.clone()))
        .tag(endpoint.tag)
        .summary(Some(endpoint.summary.clone()))
        .description(Some(who(endpoint.access)))
        .parameters(Some(parameters(endpoint)))
        .response(endpoint.status.to_string(), success(endpoint));
    if let Some(content) = &endpoint.takes {
        let body = RequestBodyBuilder::new()
            .required(Some(Required::True))
            .content(content.media_type, media(content));
        operation = operation.request_body(Some(body.build()));
    }
    for (status, meaning) in failures(endpoint) {
        operation = operation.response(status, problem(meaning));
    }
    if endpoint.access != Access::Anyone {
        operation = operation.security(SecurityRequirement::new::<_, _, &str>(BEARER, []));
    }
    operation
}

fn who(access: Access) -> &'static str {
    match access {
        Access::Anyone => "Needs no token.",
        Access::Token => "For any valid token.",
        Access::Operator => "For operators.",
        Access::Manager => "For operators, and managers of the tenant.",
        Access::Member => {
            "For operators and managers of the tenant; its users see and change what is theirs."
        }
        Access::Exchange => "For another exchange of the tenant's.",
    }
}

fn parameters(endpoint: &Endpoint) -> Vec<Parameter> {
    let in_path = endpoint
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<_> = in_path
        .map(|name| parameter(name, ParameterIn::Path, Required::True, Type::String, ""))
        .collect();
    let mut optional = |name, place, kind, meaning| {
        parameters.push(parameter(name, place, Required::False, kind, meaning));
    };
    if endpoint.paged {
        optional(
            "limit",
            ParameterIn::Query,
            Type::Integer,
            "Items on the page: 100 unless given, at most 1000.",
        );
        optional(
            "after",
            ParameterIn::Query,
            Type::String,
            "`next` of the page before.",
        );
    }
    for (name, meaning) in endpoint.query {
        optional(name, ParameterIn::Query, Type::String, meaning);
    }
    if endpoint.conditional {
        optional(
            "If-Match",
            ParameterIn::Header,
            Type::String,
            "Change only this revision: `\"3\"`.",
        );
        optional(
            "If-None-Match",
            ParameterIn::Header,
            Type::String,
            "`*`: create only.",
        );
    }
    parameters
}

fn parameter(name: &str, place: ParameterIn, required: Required, kind: Type, meaning: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(meaning).filter(|meaning| !meaning.is_empty()))
        .schema(Some(Object::with_type(kind)))
        .build()
}

fn success(endpoint: &Endpoint) -> Response {
    let response = ResponseBuilder::new().description("Done.");
    match &endpoint.gives {
        Some(content) => response.content(content.media_type, media(content)).build(),
        None => response.build(),
    }
}

fn media(content: &Content) -> MediaContent {
    MediaContent::new(Some(content.schema.clone()))
}

fn failures(endpoint: &Endpoint) -> Vec<(&'static str, &'static str)> {
    let mut failures = vec![("429", "Too many requests from this address.")];
    if endpoint.access != Access::Anyone {
        failures.push(("401", "No token, or none that is valid."));
        failures.push(("403", "The token's role does not allow it."));
    }
    if endpoint.path.contains('{') {
        failures.push(("404", "There is no such thing, or it is another tenant's."));
    }
    if endpoint.conditional {
        failures.push(("412", "It is at another revision."));
    }
    if endpoint.takes.is_some() {
        failures.push(("413", "The body is too large."));
        failures.push(("422", "The content is not valid; `errors` names the fields."));
    }
    failures
}

fn problem(meaning: &str) -> Response {
    let content = MediaContent::new(Some(Ref::from_schema_name(Problem::name())));
    ResponseBuilder::new()
        .description(meaning)
        .content("application/problem+json", content)
        .build()
}
