// One short name for two services: `Service` is left out of it.
namespace rs api

service Greeter {
    void Greet()
}

service GreeterService {
    void Greet()
}
