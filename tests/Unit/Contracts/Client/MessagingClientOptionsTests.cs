using Messaging.Contracts.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Unit.Contracts.Client;

public sealed class MessagingClientOptionsTests
{
    [Test]
    public void The_client_is_registered_once_from_code_or_from_a_configuration()
    {
        using var code = new ServiceCollection().AddMessagingClient(options => options.BaseAddress = new Uri("http://localhost")).BuildServiceProvider();
        using var settings = new ServiceCollection().AddMessagingClient(Configuration(("BaseAddress", "http://localhost"))).BuildServiceProvider();

        var client = code.GetRequiredService<ITaskClient>();
        Assert.That(client, Is.InstanceOf<HttpTaskClient>());
        Assert.That(code.GetRequiredService<ITaskClient>(), Is.SameAs(client));
        Assert.That(settings.GetRequiredService<ITaskClient>(), Is.InstanceOf<HttpTaskClient>());
    }

    [Test]
    public void Every_setting_can_be_in_the_configuration()
    {
        var options = new MessagingClientOptions();
        options.Read(Configuration(
            ("BaseAddress", "https://a/"), ("OtherAddresses", "https://b/, https://c/"), ("ApiKey", "msg_x"), ("RequestTimeout", "00:00:05"), ("RetryFor", "00:00:10"),
            ("OutageLimit", "01:00:00"), ("MaxConnections", "64"), ("LongPolls", "4"), ("GenerateIdempotencyKeys", "false")));

        Assert.That(options.BaseAddress, Is.EqualTo(new Uri("https://a/")));
        Assert.That(options.OtherAddresses, Is.EqualTo(new[] { new Uri("https://b/"), new Uri("https://c/") }));
        Assert.That((options.ApiKey, options.RequestTimeout, options.RetryFor, options.OutageLimit), Is.EqualTo(("msg_x", TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), TimeSpan.FromHours(1))));
        Assert.That((options.MaxConnections, options.LongPolls, options.GenerateIdempotencyKeys), Is.EqualTo((64, 4, false)));
    }

    [Test]
    public void Further_addresses_may_be_a_list_as_everywhere_else()
    {
        var json = new MessagingClientOptions();
        json.Read(Configuration(("BaseAddress", "https://a/"), ("OtherAddresses:0", "https://b/"), ("OtherAddresses:1", "https://c/")));

        Assert.That(json.OtherAddresses, Is.EqualTo(new[] { new Uri("https://b/"), new Uri("https://c/") }));
    }

    [TestCase("OtherAdresses", "http://x/", "There is no setting Messaging:Client:OtherAdresses; did you mean 'OtherAddresses'?")]
    [TestCase("Retries", "3", "There is no setting Messaging:Client:Retries")]
    [TestCase("Handler", "x", "Messaging:Client:Handler can't be in a configuration: set it in code.")]
    [TestCase("Defaults:Queue", "mail", "Messaging:Client:Defaults can't be in a configuration: set it in code.")]
    [TestCase("RetryFor:0", "00:01:00", "There is no setting Messaging:Client:RetryFor:0: Messaging:Client:RetryFor has one value.")]
    [TestCase("OtherAddresses:0", "here", "Messaging:Client:OtherAddresses:0 is 'here'")]
    [TestCase("OtherAddresses:0:Url", "http://x/", "Messaging:Client:OtherAddresses:0 is ''")]
    public void A_setting_that_there_is_not_is_named(string setting, string value, string message)
    {
        var configuration = Configuration(("BaseAddress", "http://localhost"), (setting, value));

        Assert.That(() => new ServiceCollection().AddMessagingClient(configuration), Throws.ArgumentException.With.Message.Contains(message));
    }

    [TestCase("RetryFor", "1", "a time such as", Description = "which would be a day")]
    [TestCase("OutageLimit", "600", "a time such as")]
    [TestCase("BaseAddress", "here", "an address")]
    [TestCase("BaseAddress", "ftp://x/", "http://")]
    [TestCase("OtherAddresses", "http://x/,here", "addresses joined by commas")]
    [TestCase("ApiKey", "a b", "no key has")]
    [TestCase("RequestTimeout", "soon", "a time such as")]
    [TestCase("RequestTimeout", "00:00:00", "from 00:00:00.1")]
    [TestCase("RetryFor", "-00:00:01", "from 00:00:00")]
    [TestCase("OutageLimit", "2.00:00:00", "to 1.00:00:00")]
    [TestCase("MaxConnections", "1", "from 2")]
    [TestCase("LongPolls", "32", "less than MaxConnections, 32")]
    [TestCase("GenerateIdempotencyKeys", "maybe", "true or false")]
    public void A_setting_that_can_not_be_is_named(string setting, string value, string rule)
    {
        var configuration = Configuration(("BaseAddress", "http://localhost"), (setting, value));

        Assert.That(
            () => new ServiceCollection().AddMessagingClient(configuration),
            Throws.ArgumentException.With.Message.Contains(MessagingClientOptions.Section).And.Message.Contains(rule));
    }

    [Test]
    public void Without_an_address_there_is_no_client() =>
        Assert.That(() => new ServiceCollection().AddMessagingClient(_ => { }), Throws.ArgumentException.With.Message.Contains("BaseAddress is missing"));

    private static IConfiguration Configuration(params (string Name, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create<string, string?>($"{MessagingClientOptions.Section}:{s.Name}", s.Value)).Reverse().DistinctBy(s => s.Key))
        .Build();
}
