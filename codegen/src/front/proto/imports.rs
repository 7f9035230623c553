//! The files of options and of common types that proto files import, for those who have no copy: names, numbers and types.
//!
//! A file of this name in an include root is taken before it.

/// The text of a file, by the path in `import`.
pub(in crate::front) fn text(path: &str) -> Option<&'static str> {
    FILES.iter().find(|(name, _)| *name == path).map(|(_, text)| *text)
}

#[rustfmt::skip]
const FILES: &[(&str, &str)] = &[
    ("api.proto", include_str!("../../../imports/api.proto")),
    ("buf/validate/validate.proto", include_str!("../../../imports/buf/validate/validate.proto")),
    ("errors/errors.proto", include_str!("../../../imports/errors/errors.proto")),
    ("github.com/micro/go-micro/api/proto/api.proto", include_str!("../../../imports/github.com/micro/go-micro/api/proto/api.proto")),
    ("github.com/micro/go-micro/v2/api/proto/api.proto", include_str!("../../../imports/github.com/micro/go-micro/api/proto/api.proto")),
    ("google/api/annotations.proto", include_str!("../../../imports/google/api/annotations.proto")),
    ("google/api/client.proto", include_str!("../../../imports/google/api/client.proto")),
    ("google/api/field_behavior.proto", include_str!("../../../imports/google/api/field_behavior.proto")),
    ("google/api/field_info.proto", include_str!("../../../imports/google/api/field_info.proto")),
    ("google/api/http.proto", include_str!("../../../imports/google/api/http.proto")),
    ("google/api/httpbody.proto", include_str!("../../../imports/google/api/httpbody.proto")),
    ("google/api/launch_stage.proto", include_str!("../../../imports/google/api/launch_stage.proto")),
    ("google/api/resource.proto", include_str!("../../../imports/google/api/resource.proto")),
    ("google/api/visibility.proto", include_str!("../../../imports/google/api/visibility.proto")),
    ("google/rpc/code.proto", include_str!("../../../imports/google/rpc/code.proto")),
    ("google/rpc/error_details.proto", include_str!("../../../imports/google/rpc/error_details.proto")),
    ("google/rpc/status.proto", include_str!("../../../imports/google/rpc/status.proto")),
    ("google/type/calendar_period.proto", include_str!("../../../imports/google/type/calendar_period.proto")),
    ("google/type/color.proto", include_str!("../../../imports/google/type/color.proto")),
    ("google/type/date.proto", include_str!("../../../imports/google/type/date.proto")),
    ("google/type/datetime.proto", include_str!("../../../imports/google/type/datetime.proto")),
    ("google/type/dayofweek.proto", include_str!("../../../imports/google/type/dayofweek.proto")),
    ("google/type/decimal.proto", include_str!("../../../imports/google/type/decimal.proto")),
    ("google/type/expr.proto", include_str!("../../../imports/google/type/expr.proto")),
    ("google/type/fraction.proto", include_str!("../../../imports/google/type/fraction.proto")),
    ("google/type/interval.proto", include_str!("../../../imports/google/type/interval.proto")),
    ("google/type/latlng.proto", include_str!("../../../imports/google/type/latlng.proto")),
    ("google/type/localized_text.proto", include_str!("../../../imports/google/type/localized_text.proto")),
    ("google/type/money.proto", include_str!("../../../imports/google/type/money.proto")),
    ("google/type/month.proto", include_str!("../../../imports/google/type/month.proto")),
    ("google/type/phone_number.proto", include_str!("../../../imports/google/type/phone_number.proto")),
    ("google/type/postal_address.proto", include_str!("../../../imports/google/type/postal_address.proto")),
    ("google/type/quaternion.proto", include_str!("../../../imports/google/type/quaternion.proto")),
    ("google/type/timeofday.proto", include_str!("../../../imports/google/type/timeofday.proto")),
    ("openapi/v3/annotations.proto", include_str!("../../../imports/openapi/v3/annotations.proto")),
    // The same file under another name.
    ("openapi/v3/openapi.proto", include_str!("../../../imports/openapiv3/OpenAPIv3.proto")),
    ("openapiv3/OpenAPIv3.proto", include_str!("../../../imports/openapiv3/OpenAPIv3.proto")),
    ("openapiv3/annotations.proto", include_str!("../../../imports/openapiv3/annotations.proto")),
    ("protoc-gen-openapiv2/options/annotations.proto", include_str!("../../../imports/protoc-gen-openapiv2/options/annotations.proto")),
    ("protoc-gen-openapiv2/options/openapiv2.proto", include_str!("../../../imports/protoc-gen-openapiv2/options/openapiv2.proto")),
    ("validate/validate.proto", include_str!("../../../imports/validate/validate.proto")),
];
