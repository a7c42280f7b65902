//! An entry of the table from which router, guard and OpenAPI document are made.

use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use utoipa::ToSchema;
use utoipa::openapi::{Array, Ref, RefOr, Schema};

use crate::Api;
use crate::access::Access;
use crate::extract::Page;

/// One method of one path.
pub(crate) struct Endpoint {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
    /// `list-sites`: unique, for generated clients.
    pub id: String,
    pub tag: &'static str,
    pub summary: String,
    pub takes: Option<Content>,
    pub gives: Option<Content>,
    /// The status of success.
    pub status: u16,
    /// Takes `limit` and `after`.
    pub paged: bool,
    /// Takes `If-Match` and `If-None-Match`.
    pub conditional: bool,
    /// Further query parameters with their meaning.
    pub query: &'static [(&'static str, &'static str)],
    pub handler: MethodRouter<Api>,
}

/// What a body holds.
pub(crate) struct Content {
    pub media_type: &'static str,
    pub schema: RefOr<Schema>,
    /// Schemas that `schema` refers to, by name.
    pub components: Vec<(String, RefOr<Schema>)>,
}

/// What is public of an [`Endpoint`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
}

impl Content {
    /// JSON of a type.
    pub fn json<T: ToSchema>() -> Self {
        let mut components = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut components);
        let schema = Ref::from_schema_name(T::name()).into();
        Self {
            media_type: "application/json",
            schema,
            components,
        }
    }

    /// A page of a list.
    pub fn page<T: ToSchema>() -> Self {
        let mut content = Self::json::<Page<T>>();
        content.components.extend(Self::json::<T>().components);
        content
    }

    /// A JSON array.
    pub fn array<T: ToSchema>() -> Self {
        let content = Self::json::<T>();
        Self {
            schema: Schema::Array(Array::new(content.schema)).into(),
            ..content
        }
    }

    /// Anything else.
    pub fn other(media_type: &'static str) -> Self {
        Self {
            media_type,
            schema: RefOr::T(Schema::default()),
            components: Vec::new(),
        }
    }
}

impl Endpoint {
    pub fn new<H, T>(method: Method, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Api>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        Self {
            method,
            path,
            access,
            id: String::new(),
            tag: "",
            summary: String::new(),
            takes: None,
            gives: None,
            status: 200,
            paged: false,
            conditional: false,
            query: &[],
            handler: on(filter, handler),
        }
    }

    pub fn about(self, tag: &'static str, id: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            tag,
            id: id.into(),
            summary: summary.into(),
            ..self
        }
    }

    pub fn takes(self, content: Content) -> Self {
        Self {
            takes: Some(content),
            ..self
        }
    }

    pub fn gives(self, content: Content) -> Self {
        Self {
            gives: Some(content),
            ..self
        }
    }

    pub fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub fn paged(self) -> Self {
        Self { paged: true, ..self }
    }

    pub fn conditional(self) -> Self {
        Self {
            conditional: true,
            ..self
        }
    }

    pub fn query(self, query: &'static [(&'static str, &'static str)]) -> Self {
        Self { query, ..self }
    }

    pub fn route(&self) -> Route {
        Route {
            method: self.method.clone(),
            path: self.path,
            access: self.access,
        }
    }
}
