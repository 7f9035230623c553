service A extends B {}
service B extends A {}

service C extends Bse {}
service Base { void ping(), void stop() }
service D extends Base { void ping() }

struct S { 1: Base base }
service E extends S {}
