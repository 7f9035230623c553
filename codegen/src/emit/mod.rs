//! From a [`Model`] to Rust, as tokens. No error path: a model is valid by construction.
//!
//! One file per item of the generated code: structs, unions, enums, constants, services.

mod client;
mod codec;
mod constant;
pub(crate) mod docs;
mod enums;
mod json;
mod proto;
mod routes;
mod rules;
mod server;
pub(crate) mod service;
mod structs;
mod unions;
pub(crate) mod view;

use proc_macro2::TokenStream;
use quote::quote;

use crate::ir::model::{DefKind, Language, Model, ModuleId, Service};

pub use crate::ir::choices::Sides;

/// Every module of a model, emitted when it is asked for: token streams stay on their thread, so
/// that each worker makes the ones that it formats.
pub struct Modules<'a> {
    model: &'a Model,
    sides: Sides,
    /// prost's text of each module.
    messages: Vec<Option<String>>,
    descriptors: proto::Descriptors,
    /// The code of JSON of each module with proto messages.
    json: json::Proto,
    /// The OpenAPI document, where servers hold it.
    openapi: Option<String>,
}

/// Emits every module.
pub fn emit(model: &Model, sides: Sides) -> Modules<'_> {
    Modules {
        model,
        sides,
        messages: proto::messages(model),
        descriptors: proto::descriptors(model),
        json: json::proto(model),
        openapi: (model.openapi && sides.server()).then(|| crate::openapi::document(model)),
    }
}

impl Modules<'_> {
    /// The modules' paths, in the model's order.
    pub fn paths(&self) -> impl ExactSizeIterator<Item = &Vec<String>> {
        self.model.modules.iter().map(|it| &it.path)
    }

    /// The content of the module at a place of [`Modules::paths`].
    pub fn tokens(&self, at: usize) -> TokenStream {
        let messages = self.messages[at].as_ref().map(|text| proto::tokens(text));
        self.module(ModuleId(at), messages)
    }

    /// Whether the server of a service holds the document of all of them: the first one does.
    fn holds_openapi(&self, service: &Service) -> bool {
        self.model.root_services().next().is_some_and(|first| std::ptr::eq(first, service))
    }

    fn module(&self, module: ModuleId, messages: Option<TokenStream>) -> TokenStream {
        let (model, sides) = (self.model, self.sides);
        let view = view::View::new(model, module);
        let of = |at: ModuleId| at == module;
        let consts = model.consts.iter().filter(|it| of(it.module)).map(|it| constant::emit(&view, it));
        let defs = model.defs.iter().filter(|it| of(it.module)).map(|def| match &def.kind {
            DefKind::Typedef(target) => structs::alias(&view, def, target),
            DefKind::Enum(members) => enums::emit(&view, def, members),
            DefKind::Struct(it) => structs::emit(&view, def, it),
            DefKind::Union(fields) => unions::emit(&view, def, fields),
            DefKind::Proto(it) => {
                let (names, reasons) = (proto::type_names::emit(&view, def, it), proto::reasons::emit(&view, def, it));
                quote!(#names #reasons)
            }
        });
        let ids = (0..).map(crate::ir::model::DefId);
        let own = ids.zip(&model.defs).filter(|(_, it)| of(it.module));
        let rules = own.filter_map(|(id, def)| rules::emit(&view, id, def));
        let services = model.services.iter().filter(|it| of(it.module)).map(|it| {
            let info = service::emit(&view, it);
            let openapi = self.openapi.as_deref().filter(|_| self.holds_openapi(it));
            let server = sides.server().then(|| server::emit(&view, it, &self.descriptors, openapi));
            let client = sides.client().then(|| client::emit(&view, it));
            quote!(#info #server #client)
        });
        let json = json::module(&view, &self.json);
        let imports = imports(model, module);
        quote! {
            #imports
            const _: () = ::runtime::fits(3);
            #messages
            #(#consts)*
            #(#defs)*
            #(#rules)*
            #(#services)*
            #json
        }
    }
}

/// `use` lines for the protocol modules that this module's code names.
fn imports(model: &Model, module: ModuleId) -> TokenStream {
    let typed =
        |it: &crate::ir::model::Def| it.module == module && !matches!(it.kind, DefKind::Proto(_) | DefKind::Typedef(_));
    let language = |language: Language| {
        model.services.iter().any(|it| {
            it.module == module && model.files[it.file].language == language && !model.all_methods(it).is_empty()
        })
    };
    let thrift = (model.defs.iter().any(typed) || language(Language::Thrift)).then(|| {
        quote!(
            use ::runtime::thrift;
        )
    });
    let grpc = language(Language::Proto).then(|| {
        quote!(
            use ::runtime::grpc;
        )
    });
    let has_routes = |it: &crate::ir::model::Service| {
        it.module == module && model.all_methods(it).iter().any(|(_, method)| !method.routes.is_empty())
    };
    let routes = model.services.iter().any(has_routes).then(|| {
        quote!(
            use ::runtime::http_route;
        )
    });
    quote!(#grpc #routes #thrift)
}
