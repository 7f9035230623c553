struct S xsd_all {
  1: i32 a xsd_optional xsd_nillable xsd_attrs { 1: i32 b { } } (k = "v")
  2: i32 c xsd_attrs { 1: i32
