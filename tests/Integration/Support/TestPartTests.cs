using Messaging.Tests.Dev.Test;

namespace Messaging.Tests.Integration.Support;

public sealed class TestPartTests
{
    private static readonly TestPart Whole = new("Unit", "Unit");
    private static readonly TestPart Waiting = new("beside", "EndToEnd", "TestCategory=MostlyWaits");

    [Test]
    public void A_part_of_a_project_and_a_part_of_a_name_both_have_to_fit()
    {
        Assert.That(Whole.Choice(null), Is.Empty);
        Assert.That(Whole.Choice("Relay"), Is.EqualTo(new[] { "--filter", "FullyQualifiedName~Relay" }));
        Assert.That(Waiting.Choice(null), Is.EqualTo(new[] { "--filter", "TestCategory=MostlyWaits" }));
        Assert.That(Waiting.Choice("Relay"), Is.EqualTo(new[] { "--filter", "(TestCategory=MostlyWaits)&(FullyQualifiedName~Relay)" }));
    }

    [Test]
    public void Signs_of_the_filter_language_in_a_name_are_taken_as_they_are()
        => Assert.That(Whole.Choice("Ends(\"after-claim\",1)"), Is.EqualTo(new[] { "--filter", "FullyQualifiedName~Ends\\(\"after-claim\",1\\)" }));
}
