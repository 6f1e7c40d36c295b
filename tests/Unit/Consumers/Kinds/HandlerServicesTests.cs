using Messaging.Consumers.Kinds;
using Messaging.Consumers.Kinds.DebugEcho;
using Messaging.Consumers.Kinds.HttpFetch;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Messaging.Tests.Unit.Consumers.Kinds;

public sealed class HandlerServicesTests
{
    [Test]
    public void A_handler_brings_its_services_and_reads_its_own_settings()
    {
        using var services = Services(("Messaging:HttpFetch:AllowLoopback", "true"), ("Messaging:HttpFetch:MaxRequests", "7"));

        Assert.That(ActivatorUtilities.CreateInstance<HttpFetchHandler>(services), Is.Not.Null);
        Assert.That(services.GetRequiredService<IOptions<HttpFetchOptions>>().Value, Has.Property("AllowLoopback").True.And.Property("MaxRequests").EqualTo(7));
        var (first, second) = (services.GetRequiredService<HttpFetchClient>(), services.GetRequiredService<HttpFetchClient>());
        Assert.That(first, Is.SameAs(second), "one pool for all attempts");
    }

    [Test]
    public void By_default_nothing_inside_may_be_fetched()
    {
        using var services = Services();
        Assert.That(services.GetRequiredService<IOptions<HttpFetchOptions>>().Value, Has.Property("AllowLoopback").False.And.Property("AllowPrivate").False);
    }

    [Test]
    public void A_setting_out_of_bounds_is_named()
    {
        using var services = Services(("Messaging:HttpFetch:MaxRequests", "0"));
        Assert.That(() => services.GetRequiredService<HttpFetchClient>(), Throws.InstanceOf<OptionsValidationException>().With.Message.Contains("MaxRequests"));
    }

    [Test]
    public void A_handler_without_services_adds_none()
    {
        var services = new ServiceCollection();
        IHandlerServices.AddServicesOf(typeof(DebugEchoHandler), services, new ConfigurationBuilder().Build());
        Assert.That(services, Is.Empty);
    }

    private static ServiceProvider Services(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value)).Build();
        var services = new ServiceCollection().AddSingleton(TimeProvider.System);
        IHandlerServices.AddServicesOf(typeof(HttpFetchHandler), services, configuration);
        return services.BuildServiceProvider();
    }
}
